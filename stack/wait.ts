import { setTimeout as delay } from 'node:timers/promises';
import { StackError } from './stack-error.ts';

interface Wait {
  /** How long to go on asking, in milliseconds. */
  deadline: number;
  /** Pause between two tries, in milliseconds. */
  every?: number;
  signal?: AbortSignal | undefined;
}

/**
 * Asks again and again until the answer is yes. A probe that throws has said "not yet".
 *
 * @param what the subject of the sentence that is thrown at the deadline, such as `Redis`
 * @throws {StackError} at the deadline, with the probe's last complaint
 */
export async function waitFor(what: string, probe: () => Promise<boolean> | boolean, wait: Wait): Promise<void> {
  const start = performance.now();
  let complaint = '';
  for (;;) {
    wait.signal?.throwIfAborted();
    try {
      if (await probe()) return;
      complaint = '';
    } catch (error) {
      complaint = `: ${error instanceof Error ? error.message : error}`;
    }
    if (performance.now() - start > wait.deadline) {
      throw new StackError(`${what} was not ready within ${wait.deadline / 1000} s${complaint}.`);
    }
    await delay(wait.every ?? 50);
  }
}

/** A promise's outcome if it comes before the deadline (milliseconds), else `undefined`. */
export async function within<Value>(deadline: number, promise: Promise<Value>): Promise<Value | undefined> {
  const timer = new AbortController();
  try {
    return await Promise.race([promise, delay(deadline, undefined, { signal: timer.signal })]);
  } finally {
    timer.abort();
  }
}
