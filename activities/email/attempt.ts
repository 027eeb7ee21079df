/** Timeouts of one email, in ms. */
export interface EmailTimeouts {
  /** The time until the server has the whole message. It includes the wait for a connection. */
  transfer: number;
  /** The time from then until the server answers. */
  answer: number;
}

/**
 * The timeouts of RFC 5321 §4.5.3.2: five minutes for a greeting or a command, ten for the answer to the whole message. With
 * shorter timeouts, a slow server may accept an email after the timeout, and the retry would send a second copy.
 */
export const RFC_5321_TIMEOUTS: EmailTimeouts = { transfer: 5 * 60_000, answer: 10 * 60_000 };

/**
 * The timeout of the server's answer after a cancellation, in ms. It is short, because a stopping worker ends ten seconds after it
 * cancels its activities (worker/temporal-workers.ts).
 */
const CANCELLED_ANSWER_TIMEOUT_MS = 5_000;

/**
 * Starts one attempt at sending an email, limited in time.
 *
 * @param cancellation ends the attempt at once, or after a short timeout if the server has the whole message
 */
export function startAttempt({ transfer, answer }: EmailTimeouts, cancellation?: AbortSignal) {
  const controller = new AbortController();
  let timer: NodeJS.Timeout;
  const abortIn = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => controller.abort(), ms);
  };
  const cancel = () =>
    attempt.isTransferred ? abortIn(Math.min(answer, CANCELLED_ANSWER_TIMEOUT_MS)) : controller.abort();
  const attempt = {
    /** Aborts the attempt at its timeout or after a cancellation. */
    signal: controller.signal,
    /** Whether the server has the whole message. It may then deliver the email even if the attempt fails. */
    isTransferred: false,
    /** Call with true when the server has the whole message, and with false when its transfer starts again. */
    setTransferred(isTransferred: boolean): void {
      attempt.isTransferred = isTransferred;
      if (!cancellation?.aborted) abortIn(isTransferred ? answer : transfer);
    },
    /** Stops the timer. Call it when the attempt is over. */
    end(): void {
      clearTimeout(timer);
      cancellation?.removeEventListener('abort', cancel);
    },
  };
  cancellation?.addEventListener('abort', cancel);
  abortIn(transfer);
  if (cancellation?.aborted) cancel();
  return attempt;
}

export type Attempt = ReturnType<typeof startAttempt>;
