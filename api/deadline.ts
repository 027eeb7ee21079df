import { setTimeout } from 'node:timers/promises';

/**
 * What some work comes to, or `undefined` if that takes too long. The work itself goes on.
 *
 * @param deadline in ms since the epoch
 */
export async function byDeadline<T>(deadline: number, work: Promise<T>): Promise<T | undefined> {
  const timer = new AbortController();
  try {
    return await Promise.race([work, setTimeout(deadline - Date.now(), undefined, timer)]);
  } finally {
    timer.abort();
  }
}
