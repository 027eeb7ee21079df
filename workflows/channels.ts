import { ActivityFailure, condition, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/create-activities.ts';
import { alertOf } from '../domain/order/alerts.ts';
import type { JournalEntry } from '../domain/order/journal-entry.ts';
import type { Fact } from '../domain/order/order.ts';
import type { Audience, Recipient } from '../domain/order/recipients.ts';
import { emailTaskQueueOf } from './messages/definitions.ts';
import { type OrderBook, sizeOf } from './order-book.ts';
import { untilCancelled, wasCancelled } from './until-cancelled.ts';

/** How many entries one activity carries at most: bounds its input, and what a retry repeats. */
const BATCH = { journal: 50, redis: 50, customer: 10, shop: 10 };

/** And how many bytes, in JSON. */
const BATCH_BYTES = 500_000;

const HOUR = 60 * 60 * 1_000;

/** For how long an audience is tried to be told, counted from the event, in ms. What is written down has no limit. */
const PATIENCE = { redis: HOUR, customer: 24 * HOUR, shop: 24 * HOUR };

/** However late it is, it is tried for this long, in ms. */
const LAST_TRY = 10_000;

// A heartbeat is due before every entry, so its time-out is more than the deadlines of one entry's calls together: an
// activity that is given up while it still works would send beside its own retry.
const { journal } = proxyActivities<Activities>({
  startToCloseTimeout: '5m',
  heartbeatTimeout: '20s',
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

/**
 * Tells each audience what happened, in order, until the order is final and all is told. Cancelling it loses nothing.
 * Redis hears most things from the journal's activity already: see {@link writeDown}.
 */
export async function announce(book: OrderBook): Promise<void> {
  const { queues } = book;
  const taskQueue = emailTaskQueueOf(workflowInfo().taskQueue);
  const toPublish = () => queues.journal.some(({ kind }) => kind === 'fact');
  const mail = (recipient: Recipient) =>
    tell(
      book,
      recipient,
      () => book.final,
      (facts, options) => email.executeWithOptions({ ...options, taskQueue }, [facts, recipient]),
    );
  await Promise.all([
    tell(
      book,
      'redis',
      () => book.final && !toPublish(),
      (facts, options) => publish.executeWithOptions(options, [facts]),
    ),
    mail('customer'),
    mail('shop'),
  ]);
}

/**
 * Writes everything down, in order. It is the last to end, as what is given up is written down, too. One activity journals
 * and, in passing, publishes: what Redis does not take at once waits in a queue of its own, where it delays nothing else.
 *
 * @param announced whether all audiences have been told
 */
export const writeDown = ({ queues }: OrderBook, announced: () => boolean): Promise<void> =>
  drain(queues.journal, BATCH.journal, announced, async (entries) => {
    const inPassing = queues.redis.length === 0;
    const published = await journal.executeWithOptions({ summary: titleOf(entries) }, [entries, inPassing]);
    const facts = entries.filter((entry) => entry.kind === 'fact');
    queues.redis.push(...facts.slice(published).map(({ event, order }) => ({ event, order })));
    queues.journal.splice(0, entries.length);
  });

/** A batch leaves its queue when it is dealt with, so that one that is cut short is still there. */
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
      await deliver(queue.slice(0, fitting(queue, most)));
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

/** Tells one audience, each fact for as long as its patience lasts. */
function tell(
  book: OrderBook,
  audience: Audience,
  isLast: () => boolean,
  deliver: (facts: Fact[], options: { summary: string; scheduleToCloseTimeout: number }) => Promise<void>,
): Promise<void> {
  const queue = book.queues[audience];
  const left = (fact: Fact | undefined) => Date.parse(fact?.event.at ?? '') + PATIENCE[audience] - Date.now();
  return drain(queue, BATCH[audience], isLast, async (facts) => {
    const scheduleToCloseTimeout = Math.max(left(facts[0]), LAST_TRY);
    try {
      await deliver(facts, { summary: titleOf(facts), scheduleToCloseTimeout });
      queue.splice(0, facts.length);
    } catch (error) {
      // Only the activity's own end is a reason to give up; anything else is a bug and must be seen.
      if (!(error instanceof ActivityFailure) || wasCancelled(error)) throw error;
      const late = facts.filter((fact) => left(fact) <= 0).length;
      book.giveUp(audience, Math.max(late, 1), error.cause?.message ?? error.message);
    }
  });
}

/** Most titles that one summary shows: Temporal takes 400 bytes. */
const TITLES = 8;

/** What a delivery is about, for whoever reads the workflow in the Temporal Web UI. */
function titleOf(entries: (JournalEntry | Fact)[]): string {
  const titles = entries.slice(0, TITLES).map((entry) => {
    if ('event' in entry) return `${entry.event.version} ${alertOf(entry.event) ?? entry.event.to}`;
    if (entry.kind === 'rejected') return `rejected ${entry.to ?? 'message'}`;
    return entry.kind === 'unchanged' ? 'edit without a difference' : `${entry.audience} given up`;
  });
  const more = entries.length - titles.length;
  return titles.join(', ') + (more > 0 ? ` and ${more} more` : '');
}
