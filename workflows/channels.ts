import { ActivityFailure, condition, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/create-activities.ts';
import type { JournalEntry } from '../domain/order/journal-entry.ts';
import type { Fact } from '../domain/order/order.ts';
import type { OrderBook } from './order-book.ts';

/** Most entries that one activity carries: bounds its input and the time a retry repeats. */
const BATCH = 10;

/** The read model must be written whatever it takes: no limit. */
const { journal } = proxyActivities<Activities>({
  startToCloseTimeout: '10s',
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '10s' },
});

/** Redis loses nothing that matters (design §2): an hour. */
const { publish } = proxyActivities<Activities>({
  startToCloseTimeout: '5s',
  scheduleToCloseTimeout: '1h',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '15s' },
});

/** A mail server may be away for a day. The heartbeat tells a worker that died from one that is busy with ten mails. */
const { email } = proxyActivities<Activities>({
  startToCloseTimeout: '2m',
  heartbeatTimeout: '15s',
  scheduleToCloseTimeout: '24h',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
});

/** Writes everything down, in order, until the order is final and all is written. */
export const drainJournal = (book: OrderBook): Promise<void> =>
  drain(book, book.queues.journal, (entries) =>
    journal.executeWithOptions({ summary: entries.map(titleOf).join(', ') }, [entries]),
  );

/** Publishes every fact to Redis, in order; see {@link drainJournal}. */
export const drainRedis = (book: OrderBook): Promise<void> =>
  drain(book, book.queues.redis, (facts) =>
    orGiveUp(book, 'redis', facts, publish.executeWithOptions({ summary: facts.map(titleOf).join(', ') }, [facts])),
  );

/** Mails every fact, in order; see {@link drainJournal}. */
export const drainEmail = (book: OrderBook): Promise<void> =>
  drain(book, book.queues.email, (facts) =>
    orGiveUp(book, 'email', facts, email.executeWithOptions({ summary: facts.map(titleOf).join(', ') }, [facts])),
  );

async function drain<T>(book: OrderBook, queue: T[], deliver: (batch: T[]) => Promise<void>): Promise<void> {
  for (;;) {
    await condition(() => queue.length > 0 || book.final);
    if (queue.length === 0) return;
    await deliver(queue.splice(0, BATCH));
  }
}

async function orGiveUp(
  book: OrderBook,
  channel: 'redis' | 'email',
  facts: Fact[],
  delivery: Promise<void>,
): Promise<void> {
  try {
    await delivery;
  } catch (error) {
    // Only the activity's own end is a reason to give up; anything else is a bug and must be seen.
    if (!(error instanceof ActivityFailure)) throw error;
    book.queues.journal.push({
      kind: 'given_up',
      orderId: book.order.id,
      channel,
      eventIds: facts.map(({ event }) => event.id),
      at: new Date().toISOString(),
      error: error.cause?.message ?? error.message,
    });
  }
}

/** What a delivery is about, for whoever reads the workflow in the Temporal Web UI. */
function titleOf(entry: JournalEntry | Fact): string {
  if ('event' in entry) return `${entry.event.version} ${entry.event.to}`;
  return entry.kind === 'rejected' ? `rejected ${entry.to ?? 'message'}` : `${entry.channel} given up`;
}
