import { setTimeout as delay } from 'node:timers/promises';

/**
 * Runs numbered rounds, several at the same time. A failed round ends the run after the rounds in progress.
 *
 * @param round called with the round's number and the number of its slot, both from 0; two rounds in one slot never overlap
 */
export async function runRounds(
  { concurrency, rounds }: { concurrency: number; rounds: number },
  round: (number: number, slot: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const runSlot = async (slot: number) => {
    while (next < rounds) {
      const number = next;
      next += 1;
      await round(number, slot);
    }
  };
  const stop = (error: unknown) => {
    next = rounds;
    throw error;
  };
  const ends = await Promise.allSettled(Array.from({ length: concurrency }, (_, slot) => runSlot(slot).catch(stop)));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

/** The maximum delay of a request in a race, in ms: about the duration of one request, so that either can win. */
const JITTER_MS = 8;

/** Starts all requests with small random delays. Returns the answers in the order of the requests. */
export const race = <T extends unknown[]>(...starters: { [Index in keyof T]: () => Promise<T[Index]> }): Promise<T> =>
  Promise.all(
    starters.map(async (start) => {
      await delay(Math.random() * JITTER_MS);
      return start();
    }),
  ) as Promise<T>;
