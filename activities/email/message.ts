import { createHash } from 'node:crypto';
import parseAddresses from 'nodemailer/lib/addressparser';
import { oneLine } from '../../mail/templates/plain-words.ts';
import { PermanentRefusal } from './refusal.ts';

/** A mail to one recipient. */
export interface OutgoingEmail {
  /** The event that it tells of: `<orderId>:<version>`. */
  eventId: string;
  /** Whom it is for, as the ledger says it; the same event and recipient always make the same `Message-ID`. */
  recipient: string;
  /** The address, and nothing else. */
  to: string;
  /** The name beside the address. */
  toName?: string | null;
  subject: string;
  text: string;
  html: string;
}

/** An address with the name that is shown for it. */
export interface Mailbox {
  name: string;
  address: string;
}

// Narrower than RFC 5321: no quoted local part, no blank, no control character, no list of several, no other syntax.
const plainAddress = /^[^\s\p{Cc}"(),:;<>@[\\\]]+@[^\s\p{Cc}"(),:;<>@[\\\]]+$/u;

/**
 * Reads who sends every mail, written like `Crema <orders@example.com>`.
 *
 * @throws {TypeError} when it is not exactly one plain address
 */
export function readSender(from: string): Mailbox {
  const [sender, ...others] = parseAddresses(from, { flatten: true });
  if (!sender || others.length > 0 || /\p{Cc}/u.test(from) || !isPlainAddress(sender.address)) {
    throw new TypeError(`Not the address of a sender: ${JSON.stringify(from)}`);
  }
  return { name: sender.name, address: sender.address };
}

/**
 * A mail as Nodemailer takes it. Names and subject lose their line breaks, so that nothing typed can add a header.
 *
 * @throws {PermanentRefusal} when `to` is anything but one plain address
 */
export function compose({ eventId, recipient, to, toName, subject, text, html }: OutgoingEmail, sender: Mailbox) {
  if (!isPlainAddress(to)) throw new PermanentRefusal('The recipient has no usable address.');
  return {
    from: sender,
    to: { name: oneLine(toName ?? ''), address: to },
    // Set apart from the headers, so that no parsing of names decides where a mail goes.
    envelope: { from: sender.address, to: [to] },
    messageId: messageIdOf(eventId, recipient),
    headers: { 'X-Crema-Event-Id': eventId, 'Auto-Submitted': 'auto-generated' },
    subject: oneLine(subject),
    text,
    html,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** The same for every attempt at one mail, so that a mailbox may recognise one that came twice (RFC 5322, 3.6.4). */
function messageIdOf(eventId: string, recipient: string): string {
  const digest = createHash('sha256').update(`${eventId}\n${recipient}`).digest('hex').slice(0, 16);
  return `<${eventId.replace(/[^A-Za-z0-9-]/g, '.')}.${digest}@crema>`;
}

const isPlainAddress = (address: string): boolean => address.length <= 254 && plainAddress.test(address);
