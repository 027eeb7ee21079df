import { setTimeout } from 'node:timers/promises';
import { isConflict, isOutage } from './outage.ts';

interface RetryPolicy {
  tries: number;
  /** The longest first pause, in ms. Each next one may be twice as long, and is drawn at random. */
  firstPauseMs: number;
}

/** Work that lost to another transaction: about 150 ms in all. */
const CONFLICT_RETRY: RetryPolicy = { tries: 5, firstPauseMs: 20 };

/** A record of what has been done, and would be done again without it: about 8 s in all. */
const RECORD_RETRY: RetryPolicy = { tries: 6, firstPauseMs: 500 };

/** Does work in Postgres again while another transaction is in its way. @param work one whole transaction */
export const retryConflicts = <T>(work: () => Promise<T>): Promise<T> => retry(work, isConflict, CONFLICT_RETRY);

/** Records something, again while Postgres is unavailable or only reads. @param work may run again although it was done */
export const retryRecord = <T>(work: () => Promise<T>): Promise<T> => retry(work, isOutage, RECORD_RETRY);

async function retry<T>(
  work: () => Promise<T>,
  isWorthIt: (error: unknown) => boolean,
  { tries, firstPauseMs }: RetryPolicy,
): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await work();
    } catch (error) {
      if (tried === tries || !isWorthIt(error)) throw error;
      await setTimeout(Math.random() * firstPauseMs * 2 ** (tried - 1));
    }
  }
}
