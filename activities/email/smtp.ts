import { createTransport, type SendMailOptions } from 'nodemailer';
import type { Attempt, EmailTimeouts } from './attempt.ts';
import type { SendFailure, Transport } from './transport.ts';

/** The sum of `MAX_FIRST_ATTEMPTS` (order-emails.ts) and the worker's `EMAILS_AT_ONCE`, so that no email waits for a connection. */
const MAX_CONNECTIONS = 25;

/** The options of an email, with the attempt that the plugin below updates. */
interface Watched extends SendMailOptions {
  attempt?: Attempt;
}

/** Sends through an SMTP server, over a connection pool. @param url like `smtp://user:password@host:587` or `smtps://…` */
export function createSmtp(url: string, { transfer, answer }: EmailTimeouts): Transport {
  const pool = createTransport({
    url,
    pool: true,
    maxConnections: MAX_CONNECTIONS,
    // Nodemailer retries once, and only if a connection closes before a byte of the message is sent. Temporal makes all other
    // retries.
    maxRequeues: 1,
    dnsTimeout: transfer,
    connectionTimeout: transfer,
    greetingTimeout: transfer,
    socketTimeout: Math.max(transfer, answer),
  });
  pool.use('stream', ({ message, data }, done) => {
    const { attempt } = data as Watched;
    // Nodemailer reads the message's earlier streams into a buffer, so only the end of this last stream means that the message was
    // sent.
    message.processFunc((stream) => {
      attempt?.setTransferred(false);
      return stream.once('end', () => attempt?.setTransferred(true));
    });
    done();
  });

  return {
    server: serverOf(url),
    prepare: async (message) => async (attempt) => {
      // The timeouts above apply only while a connection is idle. The signal also ends the attempt if the server answers byte by
      // byte.
      const options: Watched = { ...message, signal: attempt.signal, attempt };
      await pool.sendMail(options);
      return message.messageId;
    },
    explain: (error) => explain(error as SmtpError),
    close: () => pool.close(),
  };
}

/** An error of Nodemailer, or of an aborted attempt. */
interface SmtpError extends Error {
  code?: string;
  /** The code of Node or OpenSSL, if Nodemailer has replaced it in `code`. */
  originalCode?: string;
  responseCode?: number;
  response?: string;
  command?: string;
}

/** Returns a server's host and port, without the login that its URL may contain. */
function serverOf(url: string): string {
  const { protocol, hostname, port } = new URL(url);
  return `${hostname}:${port || (protocol === 'smtps:' ? 465 : 587)}`;
}

const explain = (error: SmtpError): SendFailure => ({
  codes: codesOf(error),
  isRefusal: isRefusal(error),
  isAnswered: error.responseCode !== undefined,
});

/** Returns the code of the server's answer, its enhanced code (RFC 3463) and the command, or why the connection failed. */
function codesOf({ name, code, originalCode, responseCode, response = '', command }: SmtpError): string {
  if (responseCode === undefined) {
    return name === 'AbortError' ? 'deadline' : withAdvice(originalCode ?? code ?? name);
  }
  const enhanced = /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})\b/.exec(response)?.[1];
  return [responseCode, enhanced, command && `to ${command}`].filter(Boolean).join(' ');
}

/** Explanations for codes of connection errors. */
const advice: [RegExp, string][] = [
  [/ALTNAME/, 'its certificate is for another host name'],
  [/CERT|ISSUER|SIGNATURE/, 'its certificate is not trusted: NODE_EXTRA_CA_CERTS names further authorities'],
  [/^(ERR_SSL_|EPROTO$)/, 'it does not speak TLS on this port: smtp:// starts without'],
];

function withAdvice(code: string): string {
  const found = advice.find(([pattern]) => pattern.test(code))?.[1];
  return found ? `${code} (${found})` : code;
}

/** 5xx codes about the shop's own login (RFC 4954). */
const loginCodes = new Set([530, 534, 535, 538]);

/**
 * Returns whether a 5xx is about the recipient or the message. Any other 5xx can be retried. At the greeting, at the login or
 * about the sender, a 5xx is a fault of the shop. 503 means that the session was in the wrong state.
 */
function isRefusal({ responseCode = 0, command }: SmtpError): boolean {
  if (responseCode < 500 || responseCode === 503 || loginCodes.has(responseCode)) return false;
  return command === 'RCPT TO' || command === 'DATA' || (command === 'MAIL FROM' && responseCode === 552);
}
