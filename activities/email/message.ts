import { createHash } from 'node:crypto';
import parseAddresses from 'nodemailer/lib/addressparser';
import { toOneLine, toPlainLine } from '../../domain/text.ts';
import { PermanentRefusal } from './refusal.ts';

/** A mail to one recipient. */
export interface OutgoingEmail {
  /** The event that it tells of: `<orderId>:<version>`. */
  eventId: string;
  /** Whom it is for, as the ledger says it; the same event and recipient always make the same `Message-ID`. */
  recipient: string;
  /** Names a mail that is sent once more, and so gets a `Message-ID` of its own. */
  resend?: string | undefined;
  /** Where the reader's mailbox says that they want no more (RFC 8058). */
  unsubscribe?: string | undefined;
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
export function compose(email: OutgoingEmail, sender: Mailbox) {
  const { eventId, recipient, resend, unsubscribe, to, toName, subject, text, html } = email;
  if (!isPlainAddress(to)) throw new PermanentRefusal('The recipient has no usable address.');
  return {
    from: sender,
    to: { name: toPlainLine(toName ?? ''), address: to },
    // Set apart from the headers, so that no parsing of names decides where a mail goes.
    envelope: { from: sender.address, to: [to] },
    messageId: messageIdOf(eventId, recipient, resend),
    headers: {
      'X-Crema-Event-Id': eventId,
      'X-Crema-Recipient': recipient,
      'Auto-Submitted': 'auto-generated',
      ...(unsubscribe && {
        'List-Unsubscribe': `<${unsubscribe}>`,
        'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
      }),
    },
    subject: toOneLine(subject),
    text,
    html,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** The same for every attempt at one mail, so that a mailbox may recognise one that came twice (RFC 5322, 3.6.4). */
function messageIdOf(eventId: string, recipient: string, resend?: string): string {
  const mail = [eventId, recipient, ...(resend ? [resend] : [])].join('\n');
  const digest = createHash('sha256').update(mail).digest('hex').slice(0, 16);
  return `<${eventId.replace(/[^A-Za-z0-9-]/g, '.')}.${digest}@crema>`;
}

const isPlainAddress = (address: string): boolean => address.length <= 254 && plainAddress.test(address);
