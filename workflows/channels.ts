import { ActivityFailure, type CancellationScope, isCancellation, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/create-activities.ts';
import type { JournalEntry } from '../domain/order/journal-entry.ts';
import type { Fact } from '../domain/order/order.ts';
import { type Audience, audiencesOf, type Recipient } from '../domain/order/recipients.ts';
import { emailQueue, emailTimeouts } from './email-options.ts';
import { summaryOfEntries } from './messages/describe.ts';
import { includesFact, nextBatch, type Outbox, removeFrom } from './outbox.ts';
import { EMAIL_RETRY, GIVE_UP_AFTER_MS, JOURNAL_RETRY, LAST_ATTEMPT_MS, PUBLISH_RETRY } from './retry-policies.ts';

/** The maximum number of entries that one activity delivers. A retry repeats the whole batch. */
export const BATCH = { announce: 10, journal: 50, redis: 50, customer: 10, shop: 10 };

/**
 * A cancelled activity must have stopped before a new run begins. Otherwise, both would send the same entry. The SDK's
 * documentation wrongly says that this type is the default (temporalio/sdk-typescript#2442).
 */
export const cancellationType = 'WAIT_CANCELLATION_COMPLETED';

/** The timeouts of activities that send no emails. The heartbeat timeout detects a dead worker. */
export const timeouts = { startToCloseTimeout: '5m', heartbeatTimeout: '20s' } as const;

const { announce } = proxyActivities<Activities>({ ...emailTimeouts, cancellationType, retry: JOURNAL_RETRY });
const { journal } = proxyActivities<Activities>({ ...timeouts, cancellationType, retry: JOURNAL_RETRY });
const { publish } = proxyActivities<Activities>({ ...timeouts, cancellationType, retry: PUBLISH_RETRY });
const { email } = proxyActivities<Activities>({ ...emailTimeouts, cancellationType, retry: EMAIL_RETRY });

/** Processes entries in order, with one activity at a time. */
export interface Channel {
  busy: boolean;
  /** Whether an activity can start now. */
  isDue(): boolean;
  /** Runs one activity and removes the completed entries from their queues. After a cancellation, the entries stay there. */
  deliver(): Promise<void>;
}

/** Returns a channel that takes its next entries from a queue. */
export const channelOf = <Entry>(next: () => Entry[], deliver: (entries: Entry[]) => Promise<void>): Channel => ({
  busy: false,
  isDue() {
    return !this.busy && next().length > 0;
  },
  deliver: () => deliver(next()),
});

/**
 * Announces facts: one activity journals them, and makes the first attempts at publishing and emailing them (ADR 24). An audience
 * takes part if it has received all earlier facts. Undelivered facts stay in the queues of their audiences.
 */
export function announceChannel(outbox: Outbox, scope: CancellationScope): Channel {
  const { queues, unannounced } = outbox;
  return channelOf(
    () => nextBatch(unannounced, BATCH.announce),
    async (facts) => {
      const audiences = (['redis', 'customer', 'shop'] as const).filter((audience) => {
        const [first] = queues[audience];
        return first && includesFact(facts, first);
      });
      const entries = facts.map((fact) => ({ kind: 'fact' as const, ...fact }));
      const summary = summaryOfEntries(facts);
      outbox.announcing = unannounced.splice(0, facts.length);
      try {
        const delivered = await scope.run(() => announce.executeWithOptions({ summary }, [entries, audiences]));
        removeFrom(queues.journal, (entry) => entry.kind === 'fact' && includesFact(facts, entry));
        for (const audience of audiences) {
          const factsOfAudience = facts.filter(({ event }) => audiencesOf(event).includes(audience));
          const received = factsOfAudience.slice(0, delivered[audience] ?? 0);
          removeFrom(queues[audience], (fact) => includesFact(received, fact));
        }
      } catch (error) {
        if (!wasCancelled(error)) throw error;
        unannounced.unshift(...facts.filter((fact) => includesFact(queues.journal, fact)));
      } finally {
        outbox.announcing = [];
      }
    },
  );
}

/**
 * Only journals: entries that are no facts, and facts that arrive while others are announced. Redis and mail servers therefore
 * never delay the journal.
 */
export function journalChannel(outbox: Outbox, scope: CancellationScope): Channel {
  const { queues, unannounced } = outbox;
  const isAnnounced = (entry: JournalEntry) => entry.kind === 'fact' && includesFact(outbox.announcing, entry);
  return channelOf(
    // A batch begins with the facts that are being announced, because the journal accepts a fact only after the one before it.
    () => (queues.journal.every(isAnnounced) ? [] : nextBatch(queues.journal, BATCH.journal)),
    async (entries) => {
      const summary = summaryOfEntries(entries);
      try {
        await scope.run(() => journal.executeWithOptions({ summary }, [entries, false]));
        removeFrom(queues.journal, (entry) => entries.includes(entry));
        // The announcing activity is slow now, so the channels of the audiences deliver these facts.
        removeFrom(unannounced, (fact) => includesFact(entries, fact));
      } catch (error) {
        if (!wasCancelled(error)) throw error;
      }
    },
  );
}

/** Delivers announced facts to one audience, and gives up facts that are older than {@link GIVE_UP_AFTER_MS}. */
export function deliveryChannel(outbox: Outbox, audience: Audience, scope: CancellationScope): Channel {
  const queue = outbox.queues[audience];
  return channelOf(
    () => nextBatch(audience === 'redis' ? publishable(outbox) : emailable(outbox, audience), BATCH[audience]),
    async (facts) => {
      const scheduleToCloseTimeout = Math.max(remainingMs(audience, facts[0]), LAST_ATTEMPT_MS[audience]);
      const options = { summary: summaryOfEntries(facts), scheduleToCloseTimeout };
      try {
        await scope.run(() =>
          audience === 'redis'
            ? publish.executeWithOptions(options, [facts])
            : email.executeWithOptions({ ...options, taskQueue: emailQueue() }, [facts, audience]),
        );
        removeFrom(queue, (fact) => includesFact(facts, fact));
      } catch (error) {
        if (wasCancelled(error)) return;
        // Any other error is a bug and must fail the workflow task.
        if (!(error instanceof ActivityFailure)) throw error;
        const expired = facts.filter((fact) => remainingMs(audience, fact) <= 0).length;
        outbox.giveUp(audience, Math.max(expired, 1), error.cause?.message ?? error.message);
      }
    },
  );
}

/**
 * Returns the journaled facts of Redis' queue, unless all of them are being announced. A fact that is being announced is included,
 * because it precedes the others and Redis rejects duplicates. A slow mail server therefore does not delay Redis.
 */
function publishable({ queues, announcing }: Outbox): Fact[] {
  const facts = leading(queues.redis, (fact) => !includesFact(queues.journal, fact));
  return facts.every((fact) => includesFact(announcing, fact)) ? [] : facts;
}

/** Returns the facts at the front of a recipient's queue that no announcing activity sends. */
const emailable = ({ queues, announcing, unannounced }: Outbox, recipient: Recipient): Fact[] =>
  leading(queues[recipient], (fact) => !includesFact(announcing, fact) && !includesFact(unannounced, fact));

/** Returns the entries at the front of a queue that meet a condition. */
function leading<Entry>(queue: readonly Entry[], isMet: (entry: Entry) => boolean): Entry[] {
  const end = queue.findIndex((entry) => !isMet(entry));
  return queue.slice(0, end < 0 ? queue.length : end);
}

/** Returns how long a fact may still be delivered, in ms. */
export const remainingMs = (audience: Audience, fact: Fact | undefined): number =>
  Date.parse(fact?.event.at ?? '') + GIVE_UP_AFTER_MS[audience] - Date.now();

/**
 * Whether an activity ended because it was cancelled. An activity that fails before it receives the cancellation is not retried
 * and reports its own failure instead of a cancellation.
 */
export const wasCancelled = (error: unknown): boolean =>
  isCancellation(error) || (error instanceof ActivityFailure && error.retryState === 'CANCEL_REQUESTED');
