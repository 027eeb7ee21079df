import { setTimeout as delay } from 'node:timers/promises';

/**
 * Runs rounds side by side: each lane one after the other, all lanes at once.
 *
 * @param round gets its number, from 0, and its lane
 */
export async function inLanes(
  { lanes, rounds }: { lanes: number; rounds: number },
  round: (number: number, lane: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const run = async (lane: number) => {
    while (next < rounds) {
      const number = next;
      next += 1;
      await round(number, lane);
    }
  };
  // After a lane fails, the others start no further round, and all of them end.
  const stop = (error: unknown) => {
    next = rounds;
    throw error;
  };
  const ends = await Promise.allSettled(Array.from({ length: lanes }, (_, lane) => run(lane).catch(stop)));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

/** The longest delay of a request in a race, in ms: about one request's duration, so that either may win. */
const JITTER = 8;

/** Starts all requests with small random delays. Returns the answers in the order of the requests. */
export const race = <T extends unknown[]>(...starters: { [Index in keyof T]: () => Promise<T[Index]> }): Promise<T> =>
  Promise.all(
    starters.map(async (start) => {
      await delay(Math.random() * JITTER);
      return start();
    }),
  ) as Promise<T>;
