import { setTimeout as delay } from 'node:timers/promises';
import { StackError } from './stack-error.ts';

interface Wait {
  /** How long to repeat the probe, in milliseconds. */
  deadline: number;
  /** Pause between two attempts, in milliseconds. */
  every?: number;
  signal?: AbortSignal | undefined;
}

/**
 * Repeats a probe until it returns true. An error of the probe counts as false.
 *
 * @param what the subject of the error message, such as `Redis`
 * @throws {StackError} at the deadline, with the last error of the probe
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

/** Returns the promise's value, or `undefined` if it does not settle before the deadline (milliseconds). */
export async function within<Value>(deadline: number, promise: Promise<Value>): Promise<Value | undefined> {
  const timer = new AbortController();
  try {
    return await Promise.race([promise, delay(deadline, undefined, { signal: timer.signal })]);
  } finally {
    timer.abort();
  }
}
