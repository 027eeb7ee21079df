import type { Attempt } from './attempt.ts';
import type { compose } from './message.ts';

/** A way to send emails: SMTP or Amazon SES. */
export interface Transport {
  /** Host and port, for error messages. */
  server?: string;
  /** Encodes a message. The returned function sends it and returns the id that the server uses in its reports. */
  prepare(message: ReturnType<typeof compose>): Promise<(attempt: Attempt) => Promise<string>>;
  /** Describes an error of sending. */
  explain(error: unknown): SendFailure;
  close(): void;
}

export interface SendFailure {
  /** The codes of the server's answer, or of the connection error. */
  codes: string;
  /** Whether the server rejects the recipient or the message permanently. */
  isRefusal: boolean;
  /** Whether the server has answered. */
  isAnswered: boolean;
}
