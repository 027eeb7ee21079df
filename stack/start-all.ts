/** What came of several things done side by side, in their order. */
export interface Outcome<Value> {
  /** `undefined` stands where one failed. */
  values: (Value | undefined)[];
  failed: boolean;
  /** What failed first. */
  reason?: unknown;
}

/**
 * Does several things side by side. When one fails, or the signal says so, the others are called off; all of them are over
 * when this resolves, so that nothing goes on behind the back of whoever cleans up. It never throws.
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
