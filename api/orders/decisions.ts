import { setTimeout } from 'node:timers/promises';
import type { BoundAnswer } from '../../db/orders.ts';
import type { Fact, IdempotencyKey } from '../../domain/order/order.ts';
import { byDeadline, OutcomeUnknownError } from '../http/deadline.ts';
import type { OrderDependencies } from './dependencies.ts';
import { answerInHistory } from './idempotency.ts';

/** The pause between two attempts to record or read a decision, in ms. */
const RETRY_MS = 20;

/** How many attempts may find a gap before this process records the missing entries. They take about half a second. */
const GAPS_BEFORE_FILL = 25;

/** Records and reads what an order's workflow has decided. All functions throw {@link OutcomeUnknownError} at the deadline. */
export function createDecisions({ orders, journal, workflows, logger }: OrderDependencies) {
  /**
   * Records a fact, once an activity of the workflow has recorded the versions before the fact. If these stay missing, as after
   * a restore of Postgres from an older backup, this function records them itself.
   */
  async function record(fact: Fact, deadline: number): Promise<void> {
    let gaps = 0;
    await retryUntil(deadline, fact.event.id, async () => {
      if ((await journal.record(fact)) !== 'gap') return true;
      gaps += 1;
      if (gaps === GAPS_BEFORE_FILL) await recordMissing(fact.order.id, deadline);
      return undefined;
    });
  }

  async function recordMissing(orderId: string, deadline: number): Promise<void> {
    const { entries = [] } = (await workflows.decided(orderId, deadline)) ?? {};
    for (const entry of await journal.missing(orderId, entries)) await journal.write(entry);
  }

  /** Returns the answer to a key that the workflow has accepted. Used if the workflow no longer stores the answer itself. */
  const answerToAccepted = (orderId: string, key: IdempotencyKey, deadline: number): Promise<BoundAnswer> =>
    retryUntil(
      deadline,
      orderId,
      async () => (await orders.answerTo(orderId, key.hash)) ?? findAnswer(orderId, key, deadline),
    );

  /** Returns the answer to a key from the order's history, or undefined if the key was not accepted. */
  async function findAnswer(orderId: string, key: IdempotencyKey, deadline: number): Promise<BoundAnswer | undefined> {
    const decided = await workflows.decided(orderId, deadline);
    return decided && answerInHistory(decided, key.hash);
  }

  /** Repeats work until it returns a value. Errors are retried too, because the decision is already durable. */
  async function retryUntil<T>(deadline: number, what: string, work: () => Promise<T | undefined>): Promise<T> {
    for (;;) {
      const result = await byDeadline(deadline, work()).catch((error: unknown) => {
        logger.warn({ err: error, what }, 'journal write or read failed');
        return undefined;
      });
      if (result !== undefined) return result;
      if (Date.now() >= deadline) throw new OutcomeUnknownError(`${what} is decided, but not recorded yet`);
      await setTimeout(RETRY_MS);
    }
  }

  return { record, answerToAccepted, findAnswer };
}
