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
  // Once a lane has failed, no other starts another round, and none is left behind.
  const stop = (error: unknown) => {
    next = rounds;
    throw error;
  };
  const ends = await Promise.allSettled(Array.from({ length: lanes }, (_, lane) => run(lane).catch(stop)));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

/** How far apart the starters of a race are at most, in ms: about what one of them takes, so that either may win. */
const JITTER = 8;

/** Starts everyone at about the same time, each a little later than the signal; the answers come in their order. */
export const race = <T extends unknown[]>(...starters: { [Index in keyof T]: () => Promise<T[Index]> }): Promise<T> =>
  Promise.all(
    starters.map(async (start) => {
      await delay(Math.random() * JITTER);
      return start();
    }),
  ) as Promise<T>;
