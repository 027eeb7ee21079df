import type { Recipient } from './recipients.ts';

/** An email that was sent in full, but that the mail server neither accepted nor rejected. It is sent again later. */
export interface UnansweredEmail {
  orderId: string;
  eventId: string;
  recipient: Recipient;
}

/** How many copies of an email are sent at most without an answer: the recipient may have received each of them. */
export const MAX_COPIES = 3;
