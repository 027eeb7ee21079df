import { createHash } from 'node:crypto';
import parseAddresses from 'nodemailer/lib/addressparser';
import { toOneLine, toPlainLine } from '../../domain/text.ts';

/** An email to one recipient. */
export interface OutgoingEmail {
  /** The id of the email's cause: an order event (`<orderId>:<version>`), an account request or a webhook's version. */
  eventId: string;
  /** The recipient's role in the ledger. It determines the `Message-ID`, together with `eventId` and `resend`. */
  recipient: string;
  /** Identifies the request, if an email is sent again on request. */
  resend?: string | undefined;
  /** URL of the one-click unsubscription (RFC 8058). */
  unsubscribe?: string | undefined;
  /** An address without a display name. */
  to: string;
  toName?: string | null;
  subject: string;
  text: string;
  html: string;
}

/** An address with its display name. */
interface Mailbox {
  name: string;
  address: string;
}

// Accepts fewer addresses than RFC 5321: quoted local parts and IP addresses in brackets are rejected. Spaces, control characters
// and the separators of address lists are also rejected, so a match is exactly one address.
const plainAddress = /^[^\s\p{Cc}"(),:;<>@[\\\]]+@[^\s\p{Cc}"(),:;<>@[\\\]]+$/u;

export const isPlainAddress = (address: string): boolean => address.length <= 254 && plainAddress.test(address);

/**
 * Parses the sender of every email, for example `Crema <orders@example.com>`.
 *
 * @throws {TypeError} if it is not exactly one plain address
 */
export function readSender(from: string): Mailbox {
  const [sender, ...others] = parseAddresses(from, { flatten: true });
  if (!sender || others.length > 0 || /\p{Cc}/u.test(from) || !isPlainAddress(sender.address)) {
    throw new TypeError(`Not the address of a sender: ${JSON.stringify(from)}`);
  }
  return { name: sender.name, address: sender.address };
}

/** Returns an email in Nodemailer's form. Removes line breaks from names and the subject, so that typed text cannot add a header. */
export function compose(email: OutgoingEmail, sender: Mailbox) {
  const { eventId, recipient, resend, unsubscribe, to, toName, subject, text, html } = email;
  return {
    from: sender,
    to: { name: toPlainLine(toName ?? ''), address: to },
    // Without an envelope, Nodemailer would take the recipient from the headers, where the parsing of names could change it.
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
    // Without this option, Nodemailer counts the letters of each part to choose an encoding.
    textEncoding: 'quoted-printable' as const,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** Returns the same id for all attempts at one email, so that a mailbox can recognise duplicates (RFC 5322, 3.6.4). */
function messageIdOf(eventId: string, recipient: string, resend?: string): string {
  const parts = [eventId, recipient, ...(resend ? [resend] : [])].join('\n');
  const digest = createHash('sha256').update(parts).digest('hex').slice(0, 16);
  return `<${eventId.replace(/[^A-Za-z0-9-]/g, '.')}.${digest}@crema>`;
}
