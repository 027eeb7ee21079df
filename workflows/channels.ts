import { ActivityFailure, condition, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/create-activities.ts';
import { alertOf } from '../domain/order/alerts.ts';
import type { JournalEntry } from '../domain/order/journal-entry.ts';
import type { Fact } from '../domain/order/order.ts';
import { emailTaskQueueOf } from './messages/definitions.ts';
import { type OrderBook, sizeOf } from './order-book.ts';
import { untilCancelled, wasCancelled } from './until-cancelled.ts';

/** How many entries one activity carries at most: bounds its input, and what a retry repeats. */
const BATCH = { journal: 50, redis: 50, email: 10 };

/** And how many bytes, in JSON. */
const BATCH_BYTES = 500_000;

/** How long a channel tries, counted from the event, in ms. The read model must be written whatever it takes: no limit. */
const PATIENCE = { redis: 60 * 60 * 1_000, email: 24 * 60 * 60 * 1_000 };

/** However late it is, it is tried for this long, in ms. */
const LAST_TRY = 10_000;

// A heartbeat is due before every entry, so its time-out is more than the deadlines of one entry's calls together: an
// activity that is given up while it still works would send beside its own retry.
const { journal } = proxyActivities<Activities>({
  startToCloseTimeout: '5m',
  heartbeatTimeout: '15s',
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '10s' },
});

const { publish } = proxyActivities<Activities>({
  startToCloseTimeout: '5m',
  heartbeatTimeout: '20s',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '15s' },
});

const { email } = proxyActivities<Activities>({
  startToCloseTimeout: '10m',
  heartbeatTimeout: '45s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
});

/** Tells Redis and by email what happened, each in order, until the order is final and all is told. Cancelling it loses nothing. */
export async function announce(book: OrderBook): Promise<void> {
  const { queues } = book;
  const taskQueue = emailTaskQueueOf(workflowInfo().taskQueue);
  const final = () => book.final;
  await Promise.all([
    drain(queues.redis, BATCH.redis, final, (facts) =>
      orGiveUp(book, 'redis', facts, (options) => publish.executeWithOptions(options, [facts])),
    ),
    drain(queues.email, BATCH.email, final, (facts) =>
      orGiveUp(book, 'email', facts, (options) => email.executeWithOptions({ ...options, taskQueue }, [facts])),
    ),
  ]);
}

/**
 * Writes everything down, in order. It is the last to end, as what the other channels give up on is written down, too.
 *
 * @param announced whether the other channels have ended
 */
export const writeDown = ({ queues: { journal: queue } }: OrderBook, announced: () => boolean): Promise<void> =>
  drain(queue, BATCH.journal, announced, (entries) =>
    journal.executeWithOptions({ summary: titleOf(entries) }, [entries]),
  );

/** A batch leaves its queue when it is delivered, so that one that is cut short is still there. */
const drain = <T>(
  queue: T[],
  most: number,
  isLast: () => boolean,
  deliver: (batch: T[]) => Promise<void>,
): Promise<void> =>
  untilCancelled(async () => {
    for (;;) {
      await condition(() => queue.length > 0 || isLast());
      if (queue.length === 0) return;
      const batch = queue.slice(0, fitting(queue, most));
      await deliver(batch);
      queue.splice(0, batch.length);
    }
  });

/** How many entries from the front fit into one activity's input: Temporal takes 2 MB. At least one does. */
function fitting(queue: readonly unknown[], most: number): number {
  let bytes = 0;
  const limit = queue.slice(0, most).findIndex((entry) => {
    bytes += sizeOf(entry);
    return bytes > BATCH_BYTES;
  });
  return limit < 0 ? most : Math.max(limit, 1);
}

async function orGiveUp(
  book: OrderBook,
  channel: 'redis' | 'email',
  facts: Fact[],
  deliver: (options: { summary: string; scheduleToCloseTimeout: number }) => Promise<void>,
): Promise<void> {
  const oldest = Date.parse(facts[0]?.event.at ?? '');
  const left = oldest + PATIENCE[channel] - Date.now();
  try {
    await deliver({ summary: titleOf(facts), scheduleToCloseTimeout: Math.max(left, LAST_TRY) });
  } catch (error) {
    // Only the activity's own end is a reason to give up; anything else is a bug and must be seen.
    if (!(error instanceof ActivityFailure) || wasCancelled(error)) throw error;
    book.queues.journal.push({
      kind: 'given_up',
      orderId: book.order.id,
      channel,
      events: facts.map(({ event: { id, type } }) => ({ id, type })),
      at: new Date().toISOString(),
      error: error.cause?.message ?? error.message,
    });
  }
}

/** Most titles that one summary shows: Temporal takes 400 bytes. */
const TITLES = 8;

/** What a delivery is about, for whoever reads the workflow in the Temporal Web UI. */
function titleOf(entries: (JournalEntry | Fact)[]): string {
  const titles = entries.slice(0, TITLES).map((entry) => {
    if ('event' in entry) return `${entry.event.version} ${alertOf(entry.event) ?? entry.event.to}`;
    if (entry.kind === 'rejected') return `rejected ${entry.to ?? 'message'}`;
    return entry.kind === 'unchanged' ? 'edit without a difference' : `${entry.channel} given up`;
  });
  const more = entries.length - titles.length;
  return titles.join(', ') + (more > 0 ? ` and ${more} more` : '');
}
