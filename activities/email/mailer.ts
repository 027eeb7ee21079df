import { compose, type OutgoingEmail, readSender } from './message.ts';
import { createSes } from './ses.ts';
import { createSmtp } from './smtp.ts';

export type { OutgoingEmail } from './message.ts';
export { PermanentRefusal } from './refusal.ts';

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
   * Makes one attempt at sending, bounded by the deadline.
   *
   * @returns what the mail is called by who took it: its `Message-ID`, or Amazon's own id
   * @throws {PermanentRefusal} when the recipient or the message was refused for good; any other error is an outage, and
   *   the mail may be tried again. If the server's last answer was lost, it may then arrive twice, with one `Message-ID`.
   */
  send(email: OutgoingEmail): Promise<{ outcome: 'sent'; messageId: string }>;
  /** Lets go of its connections, once the mails under way are through. */
  close(): void;
}

/**
 * Opens the way by which mail leaves.
 *
 * @param deadline how long one attempt may take, in milliseconds
 * @throws {TypeError} when `EMAIL_FROM` is no address, or the region is missing
 */
export function createMailer(settings: MailerSettings, { deadline = 10_000 } = {}): Mailer {
  const sender = readSender(settings.EMAIL_FROM);
  const transport = createTransport(settings, deadline);
  return {
    async send(email) {
      const messageId = await transport.send(compose(email, sender));
      return { outcome: 'sent', messageId };
    },
    close: () => transport.close(),
  };
}

function createTransport(settings: MailerSettings, deadline: number) {
  if (settings.NOTIFICATIONS_ENV !== 'production') return createSmtp({ url: settings.SMTP_URL, deadline });
  if (!settings.AWS_REGION) throw new TypeError('Amazon SES needs AWS_REGION');
  return createSes({ region: settings.AWS_REGION, endpoint: settings.SES_ENDPOINT, deadline });
}
