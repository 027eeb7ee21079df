import {
  ActivityFailure,
  type CancellationScope,
  isCancellation,
  proxyActivities,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/create-activities.ts';
import { alertOf } from '../domain/order/alerts.ts';
import type { JournalEntry } from '../domain/order/journal-entry.ts';
import type { Fact } from '../domain/order/order.ts';
import type { Audience, Recipient } from '../domain/order/recipients.ts';
import { emailTimeouts } from './email-options.ts';
import { emailTaskQueueOf } from './messages/definitions.ts';
import { type OrderBook, sizeOf } from './order-book.ts';

/** How many entries one activity carries at most: bounds its input, and what a retry repeats. */
const BATCH = { journal: 50, redis: 50, customer: 10, shop: 10 };

/** And how many bytes, in JSON. */
const BATCH_BYTES = 500_000;

const HOUR = 60 * 60 * 1_000;

/** For how long an audience is tried to be told, counted from the event, in ms. What is written down has no limit. */
const PATIENCE = { redis: HOUR, customer: 24 * HOUR, shop: 24 * HOUR };

/** However late it is, it is tried for this long, in ms: mail servers look at mail before they answer. */
const LAST_TRY = { redis: 10_000, customer: 30_000, shop: 30_000 };

// What is asked to stop has stopped before a new run begins, or both would send. The SDK's documentation calls this the default,
// which it is not (temporalio/sdk-typescript#2442).
const cancellationType = 'WAIT_CANCELLATION_COMPLETED';

// A heartbeat is due before every entry, so its time-out is more than the deadlines of one entry's calls together: an
// activity that is given up while it still works would send beside its own retry.
const { journal } = proxyActivities<Activities>({
  startToCloseTimeout: '5m',
  heartbeatTimeout: '20s',
  cancellationType,
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '10s' },
});

const { publish } = proxyActivities<Activities>({
  startToCloseTimeout: '5m',
  heartbeatTimeout: '20s',
  cancellationType,
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '15s' },
});

const ofEmails = { ...emailTimeouts, cancellationType } as const;

const { email } = proxyActivities<Activities>({
  ...ofEmails,
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
});

const { firstEmails } = proxyActivities<Activities>({ ...ofEmails, retry: { maximumAttempts: 1 } });

/** What a queue needs done: one activity at a time, so that it is done in order. */
export interface Channel {
  busy: boolean;
  /** Whether something waits that can be done now. */
  isDue(): boolean;
  /** Starts an activity for what waits. What is dealt with leaves its queue; what is cut short is still there. */
  deliver(): Promise<void>;
}

/** A channel that has something to do as long as its queue has. */
const channelOf = (queue: readonly unknown[], deliver: () => Promise<void>): Channel => ({
  busy: false,
  isDue() {
    return queue.length > 0 && !this.busy;
  },
  deliver,
});

/**
 * One activity journals and, in passing, publishes: what Redis does not take at once waits in a queue of its own, where it
 * delays nothing else.
 */
export function writeDown({ queues }: OrderBook, scope: CancellationScope): Channel {
  const { journal: queue } = queues;
  return channelOf(queue, async () => {
    const entries = queue.slice(0, fitting(queue, BATCH.journal));
    const inPassing = queues.redis.length === 0;
    const summary = titleOf(entries);
    try {
      const published = await scope.run(() => journal.executeWithOptions({ summary }, [entries, inPassing]));
      const facts = entries.filter((entry) => entry.kind === 'fact');
      queues.redis.push(...facts.slice(published).map(({ event, order }) => ({ event, order })));
      queue.splice(0, entries.length);
    } catch (error) {
      if (!wasCancelled(error)) throw error;
    }
  });
}

/** How much of an audience's patience is left for a fact, in ms. */
const left = (audience: Audience, fact: Fact | undefined): number =>
  Date.parse(fact?.event.at ?? '') + PATIENCE[audience] - Date.now();

/** Tells one audience, each fact for as long as its patience lasts. */
export function announce(book: OrderBook, audience: Audience, scope: CancellationScope): Channel {
  const queue = book.queues[audience];
  return channelOf(queue, async () => {
    const facts = queue.slice(0, fitting(queue, BATCH[audience]));
    const scheduleToCloseTimeout = Math.max(left(audience, facts[0]), LAST_TRY[audience]);
    try {
      await scope.run(() => send(audience, facts, { summary: titleOf(facts), scheduleToCloseTimeout }));
      queue.splice(0, facts.length);
    } catch (error) {
      if (wasCancelled(error)) return;
      // Only the activity's own end is a reason to give up; anything else is a bug and must be seen.
      if (!(error instanceof ActivityFailure)) throw error;
      const late = facts.filter((fact) => left(audience, fact) <= 0).length;
      book.giveUp(audience, Math.max(late, 1), error.cause?.message ?? error.message);
    }
  });
}

/**
 * Tries once to mail what customer and shop are to hear next, if it is the same: one activity where there would be two.
 * Whoever did not get it is left to a queue of their own, so that neither waits for long because of the other.
 */
export function announceToBoth({ queues }: OrderBook, channels: Channel[], scope: CancellationScope): Channel {
  let tried: string | undefined;
  return {
    get busy() {
      return channels.some(({ busy }) => busy);
    },
    set busy(busy) {
      for (const channel of channels) channel.busy = busy;
    },
    isDue() {
      const [next, other] = [queues.customer[0]?.event.id, queues.shop[0]?.event.id];
      return next !== undefined && next === other && next !== tried && !this.busy;
    },
    async deliver() {
      const [fact] = queues.customer as [Fact];
      tried = fact.event.id;
      // Only its start is waited for so long: cut short by the clock, it would send beside those that take over.
      const scheduleToStartTimeout = Math.max(left('customer', fact), LAST_TRY.customer);
      const options = { summary: titleOf([fact]), scheduleToStartTimeout, taskQueue: emailQueue() };
      try {
        const told = await scope.run(() => firstEmails.executeWithOptions(options, [fact, ['customer', 'shop']]));
        for (const recipient of told) queues[recipient].shift();
      } catch (error) {
        // However it ended, the ledger knows who was mailed, and each queue goes on by itself.
        if (!isCancellation(error) && !(error instanceof ActivityFailure)) throw error;
      }
    },
  };
}

function send(
  audience: Audience,
  facts: Fact[],
  options: { summary: string; scheduleToCloseTimeout: number },
): Promise<void> {
  if (audience === 'redis') return publish.executeWithOptions(options, [facts]);
  return email.executeWithOptions({ ...options, taskQueue: emailQueue() }, [facts, audience satisfies Recipient]);
}

const emailQueue = (): string => emailTaskQueueOf(workflowInfo().taskQueue);

/** How many entries from the front fit into one activity's input: Temporal takes 2 MB. At least one does. */
function fitting(queue: readonly object[], most: number): number {
  let bytes = 0;
  const limit = queue.slice(0, most).findIndex((entry) => {
    bytes += sizeOf(entry);
    return bytes > BATCH_BYTES;
  });
  return limit < 0 ? most : Math.max(limit, 1);
}

/**
 * Whether something ended because it was asked to. An activity that fails after it was asked to stop, before it has heard of
 * that, is not tried again and bears its own failure: it was cut short all the same.
 */
const wasCancelled = (error: unknown): boolean =>
  isCancellation(error) || (error instanceof ActivityFailure && error.retryState === 'CANCEL_REQUESTED');

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
