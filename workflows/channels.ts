import {
  ActivityFailure,
  type CancellationScope,
  condition,
  isCancellation,
  proxyActivities,
} from '@temporalio/workflow';
import type { Activities } from '../activities/create-activities.ts';
import { factsFor } from '../domain/order/journal-entry.ts';
import type { Fact } from '../domain/order/order.ts';
import type { Audience } from '../domain/order/recipients.ts';
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

/** How long an announcing activity may run before another activity journals the entries after it, in ms. */
const JOURNAL_AFTER_MS = 1_000;

/** The scopes that cancel an order's activities. */
export interface Scopes {
  /** Cancels the activities that may email. A cancelled email takes a while to stop. */
  emailing: CancellationScope;
  /** Cancels the other activities, after those above have ended. */
  recording: CancellationScope;
}

/** An order's channels, in the order in which they start. */
export interface Channels {
  all: Channel[];
  /** Those in the scope `recording`. */
  recording: Channel[];
}

export function createChannels(outbox: Outbox, { emailing, recording }: Scopes): Channels {
  const delivery = (audience: Audience, scope: CancellationScope) =>
    deliveryChannel(outbox, audience, scope, () => deliverable(outbox, audience));
  const announce = announceChannel(outbox, emailing);
  const journal = journalChannel(outbox, recording);
  const redis = delivery('redis', recording);
  const emails = [delivery('customer', emailing), delivery('shop', emailing)];
  return { all: [announce, journal, redis, ...emails], recording: [journal, redis] };
}

/** Processes entries in order, with one activity at a time. */
export interface Channel {
  busy: boolean;
  /** Whether an activity can start now. */
  isDue(): boolean;
  /** Runs one activity and removes the completed entries from their queues. After a cancellation, the entries stay there. */
  deliver(): Promise<void>;
}

/** Returns a channel that processes the entries that `next` returns. */
export const channelOf = <Entry>(next: () => Entry[], process: (entries: Entry[]) => Promise<void>): Channel => ({
  busy: false,
  isDue() {
    return !this.busy && next().length > 0;
  },
  deliver: () => process(next()),
});

/**
 * Announces events: one activity journals them, and makes the first attempts at publishing and emailing them (ADR 24). An audience
 * takes part if it has received all earlier facts. Undelivered facts stay in the queues of their audiences.
 */
function announceChannel(outbox: Outbox, scope: CancellationScope): Channel {
  const { queues } = outbox;
  return channelOf(
    () => nextBatch(queues.journal, BATCH.announce),
    async (entries) => {
      const isNext = (fact: Fact | undefined) => fact !== undefined && includesFact(entries, fact);
      const audiences = (['redis', 'customer', 'shop'] as const).filter((audience) => isNext(queues[audience][0]));
      const summary = summaryOfEntries(entries);
      outbox.announcing = entries;
      outbox.announcingSince = Date.now();
      try {
        const delivered = await scope.run(() => announce.executeWithOptions({ summary }, [entries, audiences]));
        removeFrom(queues.journal, entries);
        for (const audience of audiences) {
          const received = factsFor(audience, entries).slice(0, delivered[audience] ?? 0);
          const queue = queues[audience];
          removeFrom(
            queue,
            queue.filter((fact) => includesFact(received, fact)),
          );
        }
      } catch (error) {
        if (!wasCancelled(error)) throw error;
      } finally {
        outbox.announcing = [];
      }
    },
  );
}

/**
 * Journals new entries while an announcement is slow. A slow Redis or mail server therefore does not delay the journal for longer
 * than {@link JOURNAL_AFTER_MS}.
 */
function journalChannel(outbox: Outbox, scope: CancellationScope): Channel {
  const { queues } = outbox;
  const isWaiting = () => queues.journal.some((entry) => !outbox.announcing.includes(entry));
  return channelOf(
    // A batch begins with the facts that are being announced, because the journal accepts a fact only after the one before it.
    () => (isWaiting() ? nextBatch(queues.journal, BATCH.journal) : []),
    async (entries) => {
      const isAnnouncing = outbox.announcing.length > 0;
      const isAnnounced = () => outbox.announcing.length === 0;
      const waitMs = outbox.announcingSince + JOURNAL_AFTER_MS - Date.now();
      try {
        await scope.run(async () => {
          const summary = summaryOfEntries(entries);
          if (isAnnouncing && waitMs > 0 && (await condition(isAnnounced, waitMs, { summary }))) return;
          // After the timer, the activity starts in the same task, so no replay merges that task with the next (ADR 9).
          await journal.executeWithOptions({ summary }, [entries, false]);
          removeFrom(queues.journal, entries);
        });
      } catch (error) {
        if (!wasCancelled(error)) throw error;
      }
    },
  );
}

/**
 * Delivers facts to one audience, and gives up facts that are older than {@link GIVE_UP_AFTER_MS}.
 *
 * @param next returns the facts at the front of the audience's queue that may be delivered now
 */
export function deliveryChannel(
  outbox: Outbox,
  audience: Audience,
  scope: CancellationScope,
  next: () => Fact[],
): Channel {
  return channelOf(
    () => nextBatch(next(), BATCH[audience]),
    async (facts) => {
      const scheduleToCloseTimeout = Math.max(remainingMs(audience, facts[0]), LAST_ATTEMPT_MS[audience]);
      const options = { summary: summaryOfEntries(facts), scheduleToCloseTimeout };
      try {
        await scope.run(() =>
          audience === 'redis'
            ? publish.executeWithOptions(options, [facts])
            : email.executeWithOptions({ ...options, taskQueue: emailQueue() }, [facts, audience]),
        );
        removeFrom(outbox.queues[audience], facts);
      } catch (error) {
        if (wasCancelled(error)) return;
        // Any other error is a bug and must fail the workflow task.
        if (!(error instanceof ActivityFailure)) throw error;
        const expired = facts.filter((fact) => remainingMs(audience, fact) <= 0).length;
        outbox.giveUp(audience, facts.slice(0, Math.max(expired, 1)), error.cause?.message ?? error.message);
      }
    },
  );
}

/**
 * Returns the journaled facts at the front of an audience's queue, without those that are being announced. For Redis, these are
 * included if others follow, because Redis rejects duplicates. So a slow mail server does not delay the publishing of later facts.
 */
function deliverable({ queues, announcing }: Outbox, audience: Audience): Fact[] {
  const isBeingAnnounced = (fact: Fact) => includesFact(announcing, fact);
  const isUndeliverable = (fact: Fact) =>
    includesFact(queues.journal, fact) || (audience !== 'redis' && isBeingAnnounced(fact));
  const queue = queues[audience];
  const end = queue.findIndex(isUndeliverable);
  const facts = end < 0 ? queue : queue.slice(0, end);
  return facts.every(isBeingAnnounced) ? [] : facts;
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
