/**
 * Runs tasks concurrently and waits until all have ended. If one fails, or the signal aborts, cancels the others.
 *
 * @param undo called in reverse order with the result of every finished task, if another task failed or the signal aborted
 * @returns the results in the order of the tasks
 * @throws the first failure, or the signal's reason
 */
export async function runAll<Result>(
  tasks: ((signal: AbortSignal) => Promise<Result>)[],
  signal?: AbortSignal,
  undo?: (result: Result) => Promise<unknown>,
): Promise<Result[]> {
  const failure = new AbortController();
  const either = AbortSignal.any([failure.signal, ...(signal ? [signal] : [])]);
  const settled = await Promise.allSettled(
    tasks.map(async (task) => {
      try {
        return await task(either);
      } catch (error) {
        failure.abort(error);
        throw error;
      }
    }),
  );
  const results = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  if (!either.aborted) return results;
  for (const result of results.toReversed()) await undo?.(result);
  throw either.reason;
}
