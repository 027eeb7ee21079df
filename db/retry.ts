import { setTimeout } from 'node:timers/promises';
import { isConflict, isOutage } from './outage.ts';

interface RetryPolicy {
  attempts: number;
  /** The maximum of the first pause, in ms. The maximum doubles with each attempt. The pause is random, up to the maximum. */
  firstPauseMs: number;
}

/** For conflicts with another transaction. The pauses take about 150 ms in total. */
const CONFLICT_RETRY: RetryPolicy = { attempts: 5, firstPauseMs: 20 };

/** For records of completed work. Without its record, the work would be repeated. The pauses take about 8 s in total. */
const RECORD_RETRY: RetryPolicy = { attempts: 6, firstPauseMs: 500 };

/** Retries work after a conflict with another transaction. @param work one whole transaction */
export const retryConflicts = <T>(work: () => Promise<T>): Promise<T> => retry(work, isConflict, CONFLICT_RETRY);

/** Retries a write while Postgres is unavailable or read-only. @param work must be idempotent */
export const retryRecord = <T>(work: () => Promise<T>): Promise<T> => retry(work, isOutage, RECORD_RETRY);

async function retry<T>(
  work: () => Promise<T>,
  isRetryable: (error: unknown) => boolean,
  { attempts, firstPauseMs }: RetryPolicy,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt === attempts || !isRetryable(error)) throw error;
      await setTimeout(Math.random() * firstPauseMs * 2 ** (attempt - 1));
    }
  }
}
