/** The results of concurrent tasks, in the order of the tasks. */
export interface Outcome<Value> {
  /** `undefined` for a failed task. */
  values: (Value | undefined)[];
  failed: boolean;
  /** The first failure. */
  reason?: unknown;
}

/**
 * Runs tasks concurrently and waits until all have ended, so that the caller can clean up. If one fails, or the signal
 * aborts, cancels the others. Never throws.
 */
export async function startAll<Value>(
  tasks: ((signal: AbortSignal) => Promise<Value>)[],
  signal?: AbortSignal,
): Promise<Outcome<Value>> {
  const callOff = new AbortController();
  const either = AbortSignal.any([callOff.signal, ...(signal ? [signal] : [])]);
  const doTask = async (task: (signal: AbortSignal) => Promise<Value>) => {
    try {
      return await task(either);
    } catch (error) {
      callOff.abort(error);
      return undefined;
    }
  };
  const values = await Promise.all(tasks.map(doTask));
  return { values, failed: either.aborted, reason: either.reason };
}
