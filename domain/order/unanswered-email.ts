import type { Recipient } from './recipients.ts';

/** An email that the mail server did not answer. It is sent again later. */
export interface UnansweredEmail {
  orderId: string;
  eventId: string;
  recipient: Recipient;
}
