import type { MailDeadlines } from './attempt.ts';
import { compose, type OutgoingEmail, readSender } from './message.ts';
import { createSes } from './ses.ts';
import { createSmtp } from './smtp.ts';

export type { OutgoingEmail } from './message.ts';
export { PermanentRefusal, Unanswered } from './refusal.ts';

/** How mail leaves; the names are those of the environment (design §5). */
export interface MailerSettings {
  /** `production` sends through Amazon SES, anything else through SMTP. */
  NOTIFICATIONS_ENV: string;
  SMTP_URL: string;
  /** Who sends every mail: `Crema <orders@example.com>`. */
  EMAIL_FROM: string;
  AWS_REGION?: string | undefined;
  SES_ENDPOINT?: string | undefined;
}

export interface Mailer {
  /**
   * Makes one attempt at sending, bounded by deadlines.
   *
   * @param cancellation ends an attempt: at once, or, if the server has the whole message, as unanswered a little later
   * @returns what the mail is called by who took it: its `Message-ID`, or Amazon's own id
   * @throws {PermanentRefusal} when the recipient or the message was refused for good
   * @throws {Unanswered} when the server got the whole message and did not answer: it may arrive, and again with each
   *   further attempt, with one `Message-ID`
   * @throws any other error is an outage, and the mail may be tried again
   */
  send(email: OutgoingEmail, cancellation?: AbortSignal): Promise<{ outcome: 'sent'; messageId: string }>;
  /** Lets go of its connections, once the mails under way are through. */
  close(): void;
}

/**
 * Opens the way by which mail leaves.
 *
 * @param deadlines how long an attempt may take, by default as RFC 5321 has it
 * @throws {TypeError} when `EMAIL_FROM` is no address, or the region is missing
 */
export function createMailer(settings: MailerSettings, deadlines?: MailDeadlines): Mailer {
  const sender = readSender(settings.EMAIL_FROM);
  const transport = createTransport(settings, deadlines);
  return {
    async send(email, cancellation) {
      const messageId = await transport.send(compose(email, sender), cancellation);
      return { outcome: 'sent', messageId };
    },
    close: () => transport.close(),
  };
}

function createTransport(settings: MailerSettings, deadlines: MailDeadlines | undefined) {
  if (settings.NOTIFICATIONS_ENV !== 'production') return createSmtp({ url: settings.SMTP_URL, deadlines });
  if (!settings.AWS_REGION) throw new TypeError('Amazon SES needs AWS_REGION');
  return createSes({ region: settings.AWS_REGION, endpoint: settings.SES_ENDPOINT, deadlines });
}
