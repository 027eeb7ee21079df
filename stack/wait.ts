import { setTimeout as delay } from 'node:timers/promises';
import { PortTakenError, StackError } from './stack-error.ts';

interface Wait {
  /** How long to repeat the probe, in milliseconds. */
  deadline: number;
  /** Pause between two attempts, in milliseconds. */
  every?: number;
  signal?: AbortSignal | undefined;
}

/**
 * Repeats a probe until it returns true. An error of the probe counts as false, except a {@link PortTakenError}.
 *
 * @param what the subject of the error message, such as `Redis`
 * @throws {StackError} at the deadline, with the last error of the probe
 */
export async function waitFor(what: string, probe: () => Promise<boolean> | boolean, wait: Wait): Promise<void> {
  const start = performance.now();
  let reason = '';
  for (;;) {
    wait.signal?.throwIfAborted();
    try {
      if (await probe()) return;
      reason = '';
    } catch (error) {
      if (error instanceof PortTakenError) throw error;
      reason = `: ${error instanceof Error ? error.message : error}`;
    }
    if (performance.now() - start > wait.deadline) {
      throw new StackError(`${what} was not ready within ${wait.deadline / 1000} s${reason}.`);
    }
    await delay(wait.every ?? 50);
  }
}

/**
 * Returns the promise's value, or `undefined` if it does not settle before the deadline (milliseconds).
 *
 * @throws the signal's reason when it aborts
 */
export async function within<Value>(
  deadline: number,
  promise: Promise<Value>,
  signal?: AbortSignal,
): Promise<Value | undefined> {
  const timer = new AbortController();
  const either = AbortSignal.any([timer.signal, ...(signal ? [signal] : [])]);
  try {
    return await Promise.race([promise, delay(deadline, undefined, { signal: either })]);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    timer.abort();
  }
}
