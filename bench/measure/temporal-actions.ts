import { readFileSync } from 'node:fs';
import { StackError } from '../../stack/stack-error.ts';
import { waitFor } from '../../stack/wait.ts';

/** How long Temporal's metrics may take to include the latest actions, in ms. */
const METRICS_LAG_MS = 1_500;

/**
 * Waits until Temporal's count of actions no longer changes, and returns the count.
 *
 * @param log the path of the log file of Temporal's development server
 * @throws {StackError} if the log does not contain the address of Temporal's metrics
 */
export async function countActions(log: string, signal: AbortSignal): Promise<number> {
  // Temporal logs the address of its metrics when it starts.
  const page = /^Metrics:\s+http:\/\/\S+?(:\d+\S+)/m.exec(readFileSync(log, 'utf8'))?.[1];
  if (!page) throw new StackError(`Temporal's log does not name the address of its metrics (${log}).`);
  let [count, since] = [-1, 0];
  const isSettled = async () => {
    const response = await fetch(`http://127.0.0.1${page}`, { signal: AbortSignal.timeout(10_000) });
    const counts = (await response.text()).matchAll(/^action\{.*namespace="default".*\} (\S+)$/gm);
    const now = counts.reduce((total, [, each]) => total + Number(each), 0);
    if (now !== count) [count, since] = [now, performance.now()];
    return performance.now() - since > METRICS_LAG_MS;
  };
  await waitFor('The count of actions', isSettled, { deadline: 20_000, every: 200, signal });
  return count;
}
