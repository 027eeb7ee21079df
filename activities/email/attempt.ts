/** How long one mail may take, in ms. */
export interface MailDeadlines {
  /** Until the server has all of it, the wait for a free connection included. */
  handOver: number;
  /** From then on until the server answers. */
  answer: number;
}

/**
 * RFC 5321 §4.5.3.2: five minutes for a greeting or a command, ten for the answer to the whole message. A server that
 * thinks for long has often accepted the mail, and a client that does not wait sends it twice.
 */
export const RFC_5321_DEADLINES: MailDeadlines = { handOver: 5 * 60_000, answer: 10 * 60_000 };

/** How long a cancelled attempt still waits for the answer to a whole message, in ms: a worker that stops has ten seconds. */
const LAST_ANSWER_MS = 5_000;

/** The time that one attempt at a mail has. */
export interface Attempt {
  /** Aborts when the time is over. */
  signal: AbortSignal;
  /** Whether the server has the whole message: then it may accept it, whatever becomes of the attempt. */
  isHandedOver: boolean;
  /** Is to be told when the server has the whole message, or begins to get it anew. */
  handOver(isHandedOver: boolean): void;
  /** Is to be called when the attempt is over. */
  end(): void;
}

/** @param cancellation ends the attempt: at once, or, if the server has the whole message, a little later */
export function startAttempt({ handOver, answer }: MailDeadlines, cancellation?: AbortSignal): Attempt {
  const controller = new AbortController();
  let timer: NodeJS.Timeout;
  const endIn = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => controller.abort(), ms);
  };
  const cancel = () => (attempt.isHandedOver ? endIn(Math.min(answer, LAST_ANSWER_MS)) : controller.abort());
  const attempt: Attempt = {
    signal: controller.signal,
    isHandedOver: false,
    handOver(isHandedOver) {
      attempt.isHandedOver = isHandedOver;
      if (!cancellation?.aborted) endIn(isHandedOver ? answer : handOver);
    },
    end() {
      clearTimeout(timer);
      cancellation?.removeEventListener('abort', cancel);
    },
  };
  cancellation?.addEventListener('abort', cancel);
  endIn(handOver);
  if (cancellation?.aborted) cancel();
  return attempt;
}
