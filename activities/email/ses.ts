import { SESClient, SendRawEmailCommand } from '@aws-sdk/client-ses';
import { createTransport } from 'nodemailer';
import type { compose } from './message.ts';
import { failureOf } from './refusal.ts';

interface SesSettings {
  region: string;
  /** Only where Amazon SES is not at its usual address, for example in tests. */
  endpoint?: string | undefined;
  /** How long one mail may take, in milliseconds. */
  deadline: number;
}

/**
 * Sends through Amazon SES, with the credentials that the AWS SDK finds. Nodemailer only builds the message: its own SES
 * transport speaks the API's second version alone, which `@aws-sdk/client-ses` does not have.
 */
export function createSes({ region, endpoint, deadline }: SesSettings) {
  const client = new SESClient({ region, ...(endpoint && { endpoint }), maxAttempts: 1 });
  const composer = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });

  return {
    async send(message: ReturnType<typeof compose>): Promise<string> {
      const { message: data } = await composer.sendMail(message);
      const { from, to } = message.envelope;
      const command = new SendRawEmailCommand({ Source: from, Destinations: to, RawMessage: { Data: data as Buffer } });
      try {
        const { MessageId } = await client.send(command, { abortSignal: AbortSignal.timeout(deadline) });
        // Amazon replaces ours, and speaks of this one when the mail comes back.
        return MessageId ?? message.messageId;
      } catch (error) {
        throw failureOf(error, isRefusal(error as Error));
      }
    },

    close(): void {
      client.destroy();
    },
  };
}

const refusals = new Set(['MessageRejected', 'InvalidParameterValue', 'ValidationError']);

/**
 * Whether Amazon refuses this recipient or message. Throttling, paused sending, a bad signature and the like are 4xx too,
 * but ours to mend, and so is an identity of ours that is not verified, although it comes as `MessageRejected`.
 */
const isRefusal = ({ name, message }: Error): boolean => refusals.has(name) && !/not verified/i.test(message);
