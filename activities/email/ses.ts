import { AsyncLocalStorage } from 'node:async_hooks';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Duplex } from 'node:stream';
import { SESClient, SendRawEmailCommand } from '@aws-sdk/client-ses';
import { createTransport } from 'nodemailer';
import type { Attempt } from './attempt.ts';
import type { SendFailure, Transport } from './transport.ts';

/**
 * Sends through Amazon SES, with the credentials that the AWS SDK finds. Nodemailer only builds the message, because its own SES
 * transport needs the second version of Amazon's API, which `@aws-sdk/client-ses` does not have.
 *
 * @param endpoint replaces Amazon's own address in tests
 */
export function createSes({ region, endpoint }: { region: string; endpoint: string | undefined }): Transport {
  const attempts = new AsyncLocalStorage<Attempt>();
  const requestHandler = createAgents(attempts);
  const client = new SESClient({ region, ...(endpoint && { endpoint }), maxAttempts: 1, requestHandler });
  const composer = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });

  return {
    async prepare(message) {
      const { message: data } = await composer.sendMail(message);
      const { from, to } = message.envelope;
      const command = new SendRawEmailCommand({ Source: from, Destinations: to, RawMessage: { Data: data as Buffer } });
      return async (attempt) => {
        const { MessageId } = await attempts.run(attempt, () => client.send(command, { abortSignal: attempt.signal }));
        // Amazon replaces the `Message-ID` with its own id, which it also uses when it reports a bounce.
        return MessageId ?? message.messageId;
      };
    },
    explain,
    close: () => client.destroy(),
  };
}

/**
 * Creates agents that open a new connection for each email. If an attempt fails before the connection is open, Amazon has not
 * received the email; later, Amazon may have received it. With a reused connection, the two cases could not be distinguished.
 */
function createAgents(attempts: AsyncLocalStorage<Attempt>) {
  function watched(socket: Duplex | null | undefined, event: 'connect' | 'secureConnect') {
    const attempt = attempts.getStore();
    return socket?.once(event, () => attempt?.setTransferred(true));
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

const refusals = new Set(['MessageRejected', 'InvalidParameterValue', 'ValidationError']);

/**
 * Only an error about the recipient or the message is a refusal. Throttling, paused sending, bad signatures and an unverified
 * identity of the shop are also 4xx, but the shop can fix them, so the email is retried. Amazon reports an unverified identity as
 * `MessageRejected`, so the text of the error decides.
 */
function explain(error: unknown): SendFailure {
  const { name, message, code, $metadata } = error as Error & {
    code?: string;
    $metadata?: { httpStatusCode?: number };
  };
  const status = $metadata?.httpStatusCode;
  return {
    codes: name === 'AbortError' ? 'deadline' : [name, code, status].filter(Boolean).join(' '),
    isRefusal: refusals.has(name) && !/not verified/i.test(message),
    isAnswered: status !== undefined,
  };
}
