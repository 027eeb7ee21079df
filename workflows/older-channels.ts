import { ActivityFailure, type CancellationScope, isCancellation, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/create-activities.ts';
import type { Fact } from '../domain/order/order.ts';
import {
  BATCH,
  type Channel,
  type Channels,
  cancellationType,
  channelOf,
  deliveryChannel,
  remainingMs,
  type Scopes,
  timeouts,
  wasCancelled,
} from './channels.ts';
import { emailQueue, emailTimeouts } from './email-options.ts';
import type { OrderRunOptions } from './messages/definitions.ts';
import { summaryOfEntries } from './messages/describe.ts';
import { nextBatch, type Outbox } from './outbox.ts';
import { FIRST_EMAILS_RETRY, JOURNAL_RETRY, LAST_ATTEMPT_MS } from './retry-policies.ts';

// The channels of orders that were started before facts were announced (ADR 24). Their recorded histories must replay.

const { journal } = proxyActivities<Activities>({ ...timeouts, cancellationType, retry: JOURNAL_RETRY });
const { firstEmails } = proxyActivities<Activities>({ ...emailTimeouts, cancellationType, retry: FIRST_EMAILS_RETRY });

export function createOlderChannels(
  outbox: Outbox,
  { emailing, recording }: Scopes,
  { firstEmails }: OrderRunOptions,
): Channels {
  const journal = journalAndPublishChannel(outbox, recording);
  const [redis, ...emails] = (['redis', 'customer', 'shop'] as const).map((audience) =>
    deliveryChannel(outbox, audience, emailing, () => outbox.queues[audience]),
  ) as [Channel, Channel, Channel];
  const first = firstEmails ? [firstEmailsChannel(outbox, emails, emailing)] : [];
  return { all: [journal, redis, ...first, ...emails], recording: [journal] };
}

/** Journals entries and publishes the facts. Adds unpublished facts to Redis' queue (ADR 7). */
function journalAndPublishChannel({ queues }: Outbox, scope: CancellationScope): Channel {
  return channelOf(
    () => nextBatch(queues.journal, BATCH.journal),
    async (entries) => {
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
    },
  );
}

/**
 * Makes the first attempt to email an event to customer and shop in one activity (ADR 15). Unsent emails stay in their queues, so
 * that neither recipient delays the other. While the activity runs, the channels of both recipients are busy.
 */
function firstEmailsChannel({ queues }: Outbox, channels: Channel[], scope: CancellationScope): Channel {
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
