import { setTimeout } from 'node:timers/promises';
import { isConflict } from './outage.ts';

/** Work that lost to another transaction: five tries, with random pauses of up to 20, 40, 80 and 160 ms between them. */
const CONFLICT_RETRY = { tries: 5, firstPauseMs: 20 };

/** Does work in Postgres again while another transaction is in its way. @param work one whole transaction */
export async function retryConflicts<T>(work: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await work();
    } catch (error) {
      if (tried === CONFLICT_RETRY.tries || !isConflict(error)) throw error;
      await setTimeout(Math.random() * CONFLICT_RETRY.firstPauseMs * 2 ** (tried - 1));
    }
  }
}
