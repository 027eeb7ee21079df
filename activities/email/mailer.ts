import { trackOutages } from '../outages.ts';
import { type EmailTimeouts, RFC_5321_TIMEOUTS, startAttempt } from './attempt.ts';
import { compose, isPlainAddress, type OutgoingEmail, readSender } from './message.ts';
import { createSes } from './ses.ts';
import { createSmtp } from './smtp.ts';
import type { Transport } from './transport.ts';

export interface MailerSettings {
  /** `production` sends through Amazon SES, any other value through SMTP. */
  NOTIFICATIONS_ENV: string;
  SMTP_URL: string;
  /** The sender of every email: `Crema <orders@example.com>`. */
  EMAIL_FROM: string;
  AWS_REGION?: string | undefined;
  SES_ENDPOINT?: string | undefined;
}

/**
 * The result of an attempt. `refused`: the mail server rejects this recipient or message permanently. `unanswered`: the mail
 * server received the whole message but did not confirm it. The email may arrive, so a further attempt may deliver a second copy.
 *
 * `detail` stays in the ledger and in Temporal's histories after a user is erased. It contains only codes, because the text of a
 * server's answer may contain names and addresses.
 */
export type SendResult =
  | { outcome: 'sent' /** The email's `Message-ID`, or Amazon's own id. */; messageId: string }
  | { outcome: 'refused' | 'unanswered'; detail: string };

/** @throws {TypeError} if `EMAIL_FROM` is not an address, or if Amazon SES is used without `AWS_REGION` */
export function createMailer(settings: MailerSettings, timeouts = RFC_5321_TIMEOUTS) {
  const sender = readSender(settings.EMAIL_FROM);
  const transport = createTransport(settings, timeouts);
  const outages = trackOutages();

  return {
    /**
     * Makes one attempt at sending, limited by timeouts. All attempts at one email have the same `Message-ID`.
     *
     * @param cancellation ends the attempt at once, or after a short timeout if the server has the whole message
     * @param transferTimeout the time until the server has the whole message, in ms
     * @throws on an outage: the email was not sent and can be retried
     */
    async send(
      email: OutgoingEmail,
      cancellation?: AbortSignal,
      transferTimeout = timeouts.transfer,
    ): Promise<SendResult> {
      if (!isPlainAddress(email.to)) return { outcome: 'refused', detail: 'The recipient has no usable address.' };
      // Encode the message first, so that the timeouts cover only the transmission.
      const transmit = await transport.prepare(compose(email, sender));
      const attempt = startAttempt(
        { ...timeouts, transfer: Math.min(timeouts.transfer, transferTimeout) },
        cancellation,
      );
      try {
        const messageId = await transmit(attempt);
        outages.succeeded();
        return { outcome: 'sent', messageId };
      } catch (error) {
        const { codes, isRefusal, isAnswered } = transport.explain(error);
        if (isAnswered) outages.succeeded();
        else if (!cancellation?.aborted) outages.failed();
        if (isRefusal) return { outcome: 'refused', detail: `The mail server refused it: ${codes}` };
        if (attempt.isTransferred && !isAnswered) {
          return { outcome: 'unanswered', detail: `The mail server did not confirm the email: ${codes}` };
        }
        throw new Error(`Email was not sent${transport.server ? ` through ${transport.server}` : ''}: ${codes}`);
      } finally {
        attempt.end();
      }
    },

    /** Whether the latest attempt, within the last five seconds, got no answer. */
    isUnavailable: outages.isUnavailable,

    /** Closes the connections after the emails in progress have been sent. */
    close: (): void => transport.close(),
  };
}

export type Mailer = ReturnType<typeof createMailer>;

function createTransport(settings: MailerSettings, timeouts: EmailTimeouts): Transport {
  if (settings.NOTIFICATIONS_ENV !== 'production') return createSmtp(settings.SMTP_URL, timeouts);
  if (!settings.AWS_REGION) throw new TypeError('Amazon SES needs AWS_REGION');
  return createSes({ region: settings.AWS_REGION, endpoint: settings.SES_ENDPOINT });
}
