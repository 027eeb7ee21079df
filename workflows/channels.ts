import { ActivityFailure, type CancellationScope, isCancellation, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/create-activities.ts';
import type { Fact } from '../domain/order/order.ts';
import type { Audience } from '../domain/order/recipients.ts';
import { emailQueue, emailTimeouts } from './email-options.ts';
import { summaryOfEntries } from './messages/describe.ts';
import { nextBatch, type Outbox } from './outbox.ts';
import {
  EMAIL_RETRY,
  FIRST_EMAILS_RETRY,
  GIVE_UP_AFTER_MS,
  JOURNAL_RETRY,
  LAST_ATTEMPT_MS,
  PUBLISH_RETRY,
} from './retry-policies.ts';

/** The maximum number of entries that one activity delivers. A retry repeats the whole batch. */
const BATCH = { journal: 50, redis: 50, customer: 10, shop: 10 };

// A cancelled activity must have stopped before a new run begins. Otherwise, both would send the same entry. The SDK's
// documentation wrongly says that this type is the default (temporalio/sdk-typescript#2442).
const cancellationType = 'WAIT_CANCELLATION_COMPLETED';

// Activities heartbeat before every entry. The heartbeat timeout exceeds the deadlines of one entry's calls together. Otherwise,
// an activity that is still running would send at the same time as its retry.
const timeouts = { startToCloseTimeout: '5m', heartbeatTimeout: '20s' } as const;

const { journal } = proxyActivities<Activities>({ ...timeouts, cancellationType, retry: JOURNAL_RETRY });
const { publish } = proxyActivities<Activities>({ ...timeouts, cancellationType, retry: PUBLISH_RETRY });
const { email } = proxyActivities<Activities>({ ...emailTimeouts, cancellationType, retry: EMAIL_RETRY });
const { firstEmails } = proxyActivities<Activities>({ ...emailTimeouts, cancellationType, retry: FIRST_EMAILS_RETRY });

/** Delivers the entries of a queue in order, with one activity at a time. */
export interface Channel {
  busy: boolean;
  /** Whether an activity can start now. */
  isDue(): boolean;
  /** Runs one activity and removes the completed entries from the queue. After a cancellation, the entries stay in the queue. */
  deliver(): Promise<void>;
}

const channelOf = (queue: readonly unknown[], deliver: () => Promise<void>): Channel => ({
  busy: false,
  isDue() {
    return queue.length > 0 && !this.busy;
  },
  deliver,
});

/**
 * Writes the journal. The same activity publishes the events to Redis, unless older events are still in Redis' queue. Events
 * that it could not publish are added to Redis' queue, where they do not delay the other queues (ADR 7).
 */
export function journalChannel({ queues }: Outbox, scope: CancellationScope): Channel {
  return channelOf(queues.journal, async () => {
    const entries = nextBatch(queues.journal, BATCH.journal);
    const publishes = queues.redis.length === 0;
    const summary = summaryOfEntries(entries);
    try {
      const published = await scope.run(() => journal.executeWithOptions({ summary }, [entries, publishes]));
      const facts = entries.filter((entry) => entry.kind === 'fact');
      queues.redis.push(...facts.slice(published).map(({ event, order }) => ({ event, order })));
      queues.journal.splice(0, entries.length);
    } catch (error) {
      if (!wasCancelled(error)) throw error;
    }
  });
}

/** Delivers facts to one audience, and gives up facts that are older than {@link GIVE_UP_AFTER_MS}. */
export function deliveryChannel(outbox: Outbox, audience: Audience, scope: CancellationScope): Channel {
  const queue = outbox.queues[audience];
  return channelOf(queue, async () => {
    const facts = nextBatch(queue, BATCH[audience]);
    const scheduleToCloseTimeout = Math.max(remainingMs(audience, facts[0]), LAST_ATTEMPT_MS[audience]);
    const options = { summary: summaryOfEntries(facts), scheduleToCloseTimeout };
    try {
      await scope.run(() =>
        audience === 'redis'
          ? publish.executeWithOptions(options, [facts])
          : email.executeWithOptions({ ...options, taskQueue: emailQueue() }, [facts, audience]),
      );
      queue.splice(0, facts.length);
    } catch (error) {
      if (wasCancelled(error)) return;
      // Any other error is a bug and must fail the workflow task.
      if (!(error instanceof ActivityFailure)) throw error;
      const expired = facts.filter((fact) => remainingMs(audience, fact) <= 0).length;
      outbox.giveUp(audience, Math.max(expired, 1), error.cause?.message ?? error.message);
    }
  });
}

/**
 * Makes the first attempt to email an event to customer and shop in one activity (ADR 15). Unsent emails stay in their queues, so
 * that neither recipient delays the other. While the activity runs, the channels of both recipients are busy.
 */
export function firstEmailsChannel({ queues }: Outbox, channels: Channel[], scope: CancellationScope): Channel {
  let attemptedId: string | undefined;
  return {
    get busy() {
      return channels.some(({ busy }) => busy);
    },
    set busy(busy) {
      for (const channel of channels) channel.busy = busy;
    },
    isDue() {
      const [next, other] = [queues.customer[0]?.event.id, queues.shop[0]?.event.id];
      return next !== undefined && next === other && next !== attemptedId && !this.busy;
    },
    async deliver() {
      const [fact] = queues.customer as [Fact];
      attemptedId = fact.event.id;
      // Limits only the wait for a worker. An activity that times out while it runs could send at the same time as the next one.
      const scheduleToStartTimeout = Math.max(remainingMs('customer', fact), LAST_ATTEMPT_MS.customer);
      const options = { summary: summaryOfEntries([fact]), scheduleToStartTimeout, taskQueue: emailQueue() };
      try {
        const sent = await scope.run(() => firstEmails.executeWithOptions(options, [fact, ['customer', 'shop']]));
        for (const recipient of sent) queues[recipient].shift();
      } catch (error) {
        // The ledger records which emails were sent, so each queue continues by itself.
        if (!isCancellation(error) && !(error instanceof ActivityFailure)) throw error;
      }
    },
  };
}

/** Returns how long a fact may still be delivered, in ms. */
const remainingMs = (audience: Audience, fact: Fact | undefined): number =>
  Date.parse(fact?.event.at ?? '') + GIVE_UP_AFTER_MS[audience] - Date.now();

/**
 * Whether an activity ended because it was cancelled. An activity that fails before it receives the cancellation is not retried
 * and reports its own failure instead of a cancellation.
 */
const wasCancelled = (error: unknown): boolean =>
  isCancellation(error) || (error instanceof ActivityFailure && error.retryState === 'CANCEL_REQUESTED');
