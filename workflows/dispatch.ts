import {
  ActivityFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  isCancellation,
  proxyActivities,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/create-activities.ts';
import { alertOf } from '../domain/order/alerts.ts';
import type { JournalEntry } from '../domain/order/journal-entry.ts';
import type { Fact } from '../domain/order/order.ts';
import type { Audience, Recipient } from '../domain/order/recipients.ts';
import { type Alarm, createAlarm } from './alarm.ts';
import { emailTaskQueueOf } from './messages/definitions.ts';
import { type OrderBook, sizeOf } from './order-book.ts';

/** How many entries one activity carries at most: bounds its input, and what a retry repeats. */
const BATCH = { journal: 50, redis: 50, customer: 10, shop: 10 };

/** And how many bytes, in JSON. */
const BATCH_BYTES = 500_000;

const HOUR = 60 * 60 * 1_000;

/** For how long an audience is tried to be told, counted from the event, in ms. What is written down has no limit. */
const PATIENCE = { redis: HOUR, customer: 24 * HOUR, shop: 24 * HOUR };

/** However late it is, it is tried for this long, in ms. */
const LAST_TRY = 10_000;

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

const { email } = proxyActivities<Activities>({
  startToCloseTimeout: '10m',
  heartbeatTimeout: '45s',
  cancellationType,
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
});

/** What one queue needs done: one activity at a time, so that it is done in order. */
interface Channel {
  readonly queue: readonly unknown[];
  busy: boolean;
  /** Starts an activity for what waits. What is dealt with leaves its queue; what is cut short is still there. */
  deliver(): Promise<void>;
}

/**
 * Does what an order's book asks for: writes everything down, tells each audience, sets the alarm clock. Ends when the order
 * is final and all is told, or when it must go on in a new run: then nothing is under way, and nothing lost.
 *
 * One loop starts everything, and only when all is in that a workflow task has brought: then commands come in the same order
 * however much it brings together, which may be more after a worker has died than in a replay of the same order (ADR 9).
 *
 * @param mustGoOn whether the history gets too long
 */
export async function dispatch(book: OrderBook, mustGoOn: () => boolean): Promise<void> {
  const alarm = createAlarm(book);
  do {
    await workToRest(book, alarm, mustGoOn);
    // What came while an email was cut short may be more than a new run can be given: then this one delivers some more of it.
  } while (!hasEnded(book) && !mustGoOn());
}

const hasEnded = (book: OrderBook): boolean => book.final && book.told && allHandlersFinished();

/** Starts what is due until it must stop, and then brings to rest what is under way. */
async function workToRest(book: OrderBook, alarm: Alarm, mustGoOn: () => boolean): Promise<void> {
  const [writing, announcing] = [new CancellationScope(), new CancellationScope()];
  const journaling = writeDown(book, writing);
  const announcers = (['redis', 'customer', 'shop'] as const).map((audience) => announce(book, audience, announcing));
  const channels = [journaling, ...announcers];

  for (;;) {
    await condition(() => hasEnded(book) || mustGoOn() || alarm.isWrong() || channels.some(isDue));
    await allIsIn();
    if (hasEnded(book) || mustGoOn()) break;
    alarm.set();
    channels.filter(isDue).forEach(start);
  }
  if (hasEnded(book)) return;

  // What happens meanwhile is still written down: an email that is cut short takes a while to hear of it.
  announcing.cancel();
  const told = () => !announcers.some(({ busy }) => busy);
  while (!told()) {
    await condition(() => told() || isDue(journaling));
    await allIsIn();
    if (isDue(journaling)) start(journaling);
  }
  writing.cancel();
  await condition(() => !journaling.busy && allHandlersFinished());
  await allIsIn();
}

/** Waits for whatever else the present workflow task has brought: conditions are tried after each part, and after all of it. */
async function allIsIn(): Promise<void> {
  let triedBefore = false;
  await condition(() => {
    const last = triedBefore;
    triedBefore = true;
    return last;
  });
}

const isDue = ({ queue, busy }: Channel): boolean => queue.length > 0 && !busy;

function start(channel: Channel): void {
  channel.busy = true;
  // Nobody waits for it: whatever it throws is a bug, and fails the workflow's task as it should.
  void channel.deliver().finally(() => {
    channel.busy = false;
  });
}

/**
 * One activity journals and, in passing, publishes: what Redis does not take at once waits in a queue of its own, where it
 * delays nothing else.
 */
function writeDown({ queues }: OrderBook, scope: CancellationScope): Channel {
  const { journal: queue } = queues;
  return {
    queue,
    busy: false,
    async deliver() {
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
    },
  };
}

/** Tells one audience, each fact for as long as its patience lasts. */
function announce(book: OrderBook, audience: Audience, scope: CancellationScope): Channel {
  const queue = book.queues[audience];
  const left = (fact: Fact | undefined) => Date.parse(fact?.event.at ?? '') + PATIENCE[audience] - Date.now();
  return {
    queue,
    busy: false,
    async deliver() {
      const facts = queue.slice(0, fitting(queue, BATCH[audience]));
      const scheduleToCloseTimeout = Math.max(left(facts[0]), LAST_TRY);
      try {
        await scope.run(() => send(audience, facts, { summary: titleOf(facts), scheduleToCloseTimeout }));
        queue.splice(0, facts.length);
      } catch (error) {
        if (wasCancelled(error)) return;
        // Only the activity's own end is a reason to give up; anything else is a bug and must be seen.
        if (!(error instanceof ActivityFailure)) throw error;
        const late = facts.filter((fact) => left(fact) <= 0).length;
        book.giveUp(audience, Math.max(late, 1), error.cause?.message ?? error.message);
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
  const taskQueue = emailTaskQueueOf(workflowInfo().taskQueue);
  return email.executeWithOptions({ ...options, taskQueue }, [facts, audience satisfies Recipient]);
}

/** How many entries from the front fit into one activity's input: Temporal takes 2 MB. At least one does. */
function fitting(queue: readonly unknown[], most: number): number {
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
