import { AsyncLocalStorage } from 'node:async_hooks';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Duplex } from 'node:stream';
import { SESClient, SendRawEmailCommand } from '@aws-sdk/client-ses';
import { createTransport } from 'nodemailer';
import { type Attempt, type MailDeadlines, RFC_5321_DEADLINES, startAttempt } from './attempt.ts';
import type { compose } from './message.ts';
import { failureOf } from './refusal.ts';

interface SesSettings {
  region: string;
  /** Only where Amazon SES is not at its usual address, for example in tests. */
  endpoint?: string | undefined;
  /** The same as of an SMTP server: until the connection is there, and until the answer. */
  deadlines?: MailDeadlines | undefined;
}

/**
 * Sends through Amazon SES, with the credentials that the AWS SDK finds. Nodemailer only builds the message: its own SES
 * transport speaks the API's second version alone, which `@aws-sdk/client-ses` does not have.
 */
export function createSes({ region, endpoint, deadlines = RFC_5321_DEADLINES }: SesSettings) {
  const attempts = new AsyncLocalStorage<Attempt>();
  const requestHandler = createAgents(attempts);
  const client = new SESClient({ region, ...(endpoint && { endpoint }), maxAttempts: 1, requestHandler });
  const composer = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });

  return {
    async send(message: ReturnType<typeof compose>, cancellation?: AbortSignal): Promise<string> {
      const { message: data } = await composer.sendMail(message);
      const { from, to } = message.envelope;
      const command = new SendRawEmailCommand({ Source: from, Destinations: to, RawMessage: { Data: data as Buffer } });
      const attempt = startAttempt(deadlines, cancellation);
      try {
        const options = { abortSignal: attempt.signal };
        const { MessageId } = await attempts.run(attempt, () => client.send(command, options));
        // Amazon replaces ours, and speaks of this one when the mail comes back.
        return MessageId ?? message.messageId;
      } catch (error) {
        const failure = error as SesError;
        const unanswered = attempt.isHandedOver && failure.$metadata?.httpStatusCode === undefined;
        throw failureOf(codesOf(failure), { refused: isRefusal(failure), unanswered });
      } finally {
        attempt.end();
      }
    },

    close(): void {
      client.destroy();
    },
  };
}

/**
 * Agents that open a connection for each mail, and tell its attempt when it is there: from then on, Amazon may have got the
 * whole request. On a connection that is kept, nobody could tell whether a request that fails was sent.
 */
function createAgents(attempts: AsyncLocalStorage<Attempt>) {
  function watched(socket: Duplex | null | undefined, event: 'connect' | 'secureConnect') {
    const attempt = attempts.getStore();
    return socket?.once(event, () => attempt?.handOver(true));
  }
  class PlainAgent extends HttpAgent {
    override createConnection(...args: Parameters<HttpAgent['createConnection']>) {
      return watched(super.createConnection(...args), 'connect');
    }
  }
  class SecureAgent extends HttpsAgent {
    override createConnection(...args: Parameters<HttpsAgent['createConnection']>) {
      return watched(super.createConnection(...args), 'secureConnect');
    }
  }
  return { httpAgent: new PlainAgent(), httpsAgent: new SecureAgent() };
}

interface SesError extends Error {
  code?: string;
  $metadata?: { httpStatusCode?: number };
}

/** Amazon's names for what went wrong, and the code of a broken connection. */
const codesOf = ({ name, code, $metadata }: SesError): string =>
  name === 'AbortError' ? 'deadline' : [name, code, $metadata?.httpStatusCode].filter(Boolean).join(' ');

const refusals = new Set(['MessageRejected', 'InvalidParameterValue', 'ValidationError']);

/**
 * Whether Amazon refuses this recipient or message. Throttling, paused sending, a bad signature and the like are 4xx too,
 * but ours to mend, and so is an identity of ours that is not verified, although it comes as `MessageRejected`.
 */
const isRefusal = ({ name, message }: Error): boolean => refusals.has(name) && !/not verified/i.test(message);
