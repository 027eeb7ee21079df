import { createTransport } from 'nodemailer';
import type { compose } from './message.ts';
import { failureOf } from './refusal.ts';

interface SmtpSettings {
  /** Like `smtp://user:password@host:587` or `smtps://…`. */
  url: string;
  /** How long one mail may take, in milliseconds, waiting for a free connection included. */
  deadline: number;
}

// RFC 4954: a 5xx about who *we* are.
const aboutOurLogin = new Set([530, 534, 535, 538]);

/** Sends through an SMTP server, over a pool of connections. */
export function createSmtp({ url, deadline }: SmtpSettings) {
  const pool = createTransport({
    url,
    pool: true,
    maxConnections: 5,
    // Only where a connection closed before a byte of the message was sent over it; all other attempts are Temporal's.
    maxRequeues: 1,
    dnsTimeout: deadline,
    connectionTimeout: deadline,
    greetingTimeout: deadline,
    socketTimeout: deadline,
  });

  return {
    async send(message: ReturnType<typeof compose>): Promise<string> {
      try {
        // The time-outs above are for silence; a server that trickles its answers would outlive them.
        await pool.sendMail({ ...message, signal: AbortSignal.timeout(deadline) });
        return message.messageId;
      } catch (error) {
        throw failureOf(error, isRefusal(error as SmtpError));
      }
    },

    close(): void {
      pool.close();
    },
  };
}

interface SmtpError extends Error {
  responseCode?: number;
  command?: string;
}

/**
 * Whether a 5xx is about the recipient or the message. One at the greeting, at the login or about the sender is an outage
 * of ours, and 503 says only that the session was in the wrong state: those are worth another attempt.
 */
function isRefusal({ responseCode = 0, command }: SmtpError): boolean {
  if (responseCode < 500 || responseCode === 503 || aboutOurLogin.has(responseCode)) return false;
  return command === 'RCPT TO' || command === 'DATA' || (command === 'MAIL FROM' && responseCode === 552);
}
