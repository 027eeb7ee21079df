import type { Recipient } from './recipients.ts';

/** An email that the mail server did not answer to, and that is sent once more, later. */
export interface UnansweredEmail {
  orderId: string;
  eventId: string;
  recipient: Recipient;
}
