import { createTransport, type SendMailOptions } from 'nodemailer';
import { type Attempt, type MailDeadlines, RFC_5321_DEADLINES, startAttempt } from './attempt.ts';
import type { compose } from './message.ts';
import { failureOf } from './refusal.ts';

/** Twice as many as the worker runs activities: the first attempts at an order's two emails are made side by side. */
const MAX_CONNECTIONS = 10;

interface SmtpSettings {
  /** Like `smtp://user:password@host:587` or `smtps://…`. */
  url: string;
  deadlines?: MailDeadlines | undefined;
}

/** What our plugin reads from a mail's options. */
interface Watched extends SendMailOptions {
  attempt?: Attempt;
}

// RFC 4954: a 5xx about who *we* are.
const aboutOurLogin = new Set([530, 534, 535, 538]);

/** Sends through an SMTP server, over a pool of connections. */
export function createSmtp({ url, deadlines = RFC_5321_DEADLINES }: SmtpSettings) {
  const { handOver, answer } = deadlines;
  const server = serverOf(url);
  const pool = createTransport({
    url,
    pool: true,
    maxConnections: MAX_CONNECTIONS,
    // Only where a connection closed before a byte of the message was sent over it; all other attempts are Temporal's.
    maxRequeues: 1,
    dnsTimeout: handOver,
    connectionTimeout: handOver,
    greetingTimeout: handOver,
    socketTimeout: Math.max(handOver, answer),
  });
  pool.use('stream', ({ message, data }, done) => {
    const { attempt } = data as Watched;
    // The last of the message's streams: those before it are drained into its buffer at once.
    message.processFunc((stream) => {
      attempt?.handOver(false);
      return stream.once('end', () => attempt?.handOver(true));
    });
    done();
  });

  return {
    async send(message: ReturnType<typeof compose>, cancellation?: AbortSignal): Promise<string> {
      // The time-outs above are for silence; a server that trickles its answers would outlive them.
      const attempt = startAttempt(deadlines, cancellation);
      try {
        const options: Watched = { ...message, signal: attempt.signal, attempt };
        await pool.sendMail(options);
        return message.messageId;
      } catch (error) {
        const failure = error as SmtpError;
        const unanswered = attempt.isHandedOver && failure.responseCode === undefined;
        throw failureOf(codesOf(failure), { refused: isRefusal(failure), unanswered, server });
      } finally {
        attempt.end();
      }
    },

    close(): void {
      pool.close();
    },
  };
}

/** Nodemailer's errors, or what an aborted attempt throws. */
interface SmtpError extends Error {
  code?: string;
  /** The code of Node or OpenSSL, where Nodemailer has replaced it by one of its own. */
  originalCode?: string;
  responseCode?: number;
  response?: string;
  command?: string;
}

/** Returns a server's host and port, without the login that its URL may hold. */
function serverOf(url: string): string {
  const { protocol, hostname, port } = new URL(url);
  return `${hostname}:${port || (protocol === 'smtps:' ? 465 : 587)}`;
}

/** Returns the code of the server's answer, its enhanced code (RFC 3463) and the command, or why the connection failed. */
function codesOf({ name, code, originalCode, responseCode, response = '', command }: SmtpError): string {
  if (responseCode === undefined) return name === 'AbortError' ? 'deadline' : explain(originalCode ?? code ?? name);
  const enhanced = /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})\b/.exec(response)?.[1];
  return [responseCode, enhanced, command && `to ${command}`].filter(Boolean).join(' ');
}

/** What to do about failures of a connection whose codes do not say it. */
const explanations: [RegExp, string][] = [
  [/ALTNAME/, 'its certificate is for another host name'],
  [/CERT|ISSUER|SIGNATURE/, 'its certificate is not trusted: NODE_EXTRA_CA_CERTS names further authorities'],
  [/^(ERR_SSL_|EPROTO$)/, 'it does not speak TLS on this port: smtp:// starts without'],
];

function explain(code: string): string {
  const explanation = explanations.find(([pattern]) => pattern.test(code))?.[1];
  return explanation ? `${code} (${explanation})` : code;
}

/**
 * Whether a 5xx is about the recipient or the message. One at the greeting, at the login or about the sender is an outage
 * of ours, and 503 says only that the session was in the wrong state: those are worth another attempt.
 */
function isRefusal({ responseCode = 0, command }: SmtpError): boolean {
  if (responseCode < 500 || responseCode === 503 || aboutOurLogin.has(responseCode)) return false;
  return command === 'RCPT TO' || command === 'DATA' || (command === 'MAIL FROM' && responseCode === 552);
}
