import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { v5 as uuidv5 } from 'uuid';
import type { Logger } from '../../config/logger.ts';
import type { EventLog, LoggedFact } from '../../db/event-log.ts';
import type { WebhookDeliveryRepository } from '../../db/webhook-deliveries.ts';
import type { Listener, NewDelivery, WebhookOutbox } from '../../db/webhook-outbox.ts';
import type { WebhookRepository } from '../../db/webhooks.ts';
import type { RetryPlan } from '../../domain/webhook/retry.ts';
import type { Seal } from '../../webhooks/secret-seal.ts';
import {
  webhookDeliveryIdOf,
  webhookDeliveryWorkflowType,
  webhookNoticeIdOf,
  webhookNoticeWorkflowType,
  webhookTaskQueueOf,
} from '../../workflows/messages/webhooks.ts';
import type { FirstTries, HandedOver } from './first-attempts.ts';

interface Dependencies {
  client: Client;
  log: EventLog;
  outbox: WebhookOutbox;
  deliveries: WebhookDeliveryRepository;
  webhooks: WebhookRepository;
  firstTries: FirstTries;
  seal: Seal;
  logger: Logger;
}

interface Options {
  /** Names this process to operators: `INSTANCE_ID`. */
  instance: string;
  taskQueue: string;
  retry: RetryPlan;
  /** For how long deliveries are kept, in ms. */
  keepFor: number;
}

/** Delivers what the log of events says, or has workflows do so. */
export interface WebhookDispatcher {
  /** There may be something new: looks at once, instead of within a second. */
  wake(): void;
  /** Resolves if this process has dispatched lately, or found that another one does. @throws {Error} otherwise */
  check(): Promise<void>;
  /** Begins nothing more. Resolves once what is in hand is done. */
  stop(): Promise<void>;
}

/** How many events are gone through at a time. */
const BATCH = 200;

/** How many deliveries of each webhook are looked at at a time: no webhook stands behind what another has to hear. */
const BATCH_OF_WEBHOOK = 100;

/** How many workflows are being started at the same time. */
const STARTS_AT_ONCE = 20;

/** How long to wait for somebody to say that there is something new, in ms. */
const IDLE_MS = 1_000;

/** What happens within this time, in ms, is gone through together: a busy shop is not to be kept busier by each event. */
const GATHER_MS = 50;

/** How long Temporal may take to start a batch, in ms: whoever waits longer holds up the others. */
const START_DEADLINE_MS = 20_000;

/** How often the lease on dispatching is extended during a round, in ms: thrice in its time. */
const LEASE_RENEWAL_MS = 5_000;

/** For how long a process whose round has failed leaves the next one to others, in ms. */
const FAILURE_PAUSE_MS = 2_000;

/** How long ago the last round may have ended well, in ms. Half a minute may pass during one. */
const MAX_ROUND_AGE_MS = 60_000;

/** How often what is too old is removed, in ms, and how much of it in one go. */
const TIDY_MS = 60 * 60 * 1_000;
const TIDY_AT_ONCE = 5_000;

/** The same event for the same webhook is the same delivery, however often it is gone through (RFC 9562, version 5). */
const DELIVERIES = '5d7c1f5e-9c0b-4d0c-8a59-0b6c5f1d7a3e';

/**
 * Follows the log of events and delivers each to the webhooks that are to hear of it; what its endpoint does not take at
 * once gets a workflow (docs/adr/0012, 0013). One process does it at a time, whichever is first; every step can be done
 * again, so that one that dies or freezes in between loses nothing.
 */
export function startWebhookDispatcher(
  { client, log, outbox, deliveries, webhooks, firstTries, seal, logger }: Dependencies,
  { instance, taskQueue, retry, keepFor }: Options,
): WebhookDispatcher {
  let stopped = false;
  let news = false;
  let rouse = () => {};
  let tidyAt = 0;
  let progressAt = performance.now();
  const self = `${instance} ${randomUUID()}`;

  /** @returns whether there is more to do at once */
  async function round(): Promise<boolean> {
    if (!(await outbox.lease(self))) return false;
    let extended: Promise<unknown> = Promise.resolve();
    const extending = setInterval(() => {
      extended = outbox.lease(self).catch((error: unknown) => logger.warn({ err: error }, 'lease not extended'));
    }, LEASE_RENEWAL_MS);
    try {
      const [went, left] = [await goThrough(), await deliver()];
      await giveNotice();
      if (Date.now() > tidyAt) await tidy();
      return went === BATCH || left;
    } finally {
      clearInterval(extending);
      // It must not come after the lease was released.
      await extended;
    }
  }

  /** Writes down who is to hear of the next events. @returns how many events */
  async function goThrough(): Promise<number> {
    const from = await outbox.position();
    const facts = await log.after(from, { limit: BATCH });
    const last = facts.at(-1);
    if (!last) return 0;
    await outbox.advance(from, last.position, deliveriesOf(facts, await outbox.listeners()));
    return facts.length;
  }

  /** @returns whether there is more to do at once */
  async function deliver(): Promise<boolean> {
    const due = await deliveries.untried(BATCH_OF_WEBHOOK);
    const { handed, left } = await firstTries.make(due);
    const more = left || due.length >= BATCH_OF_WEBHOOK;
    if (handed.length === 0) return more;
    await client.withDeadline(Date.now() + START_DEADLINE_MS, async () => {
      for (let first = 0; first < handed.length; first += STARTS_AT_ONCE)
        await startSome(handed.slice(first, first + STARTS_AT_ONCE));
    });
    return more;
  }

  async function startSome(handed: HandedOver[]): Promise<void> {
    const ends = await Promise.allSettled(handed.map(start));
    // Those beside a failure, too: the next round goes on from there.
    const started = handed.filter((_, index) => ends[index]?.status === 'fulfilled');
    await outbox.markStarted(started.map(({ delivery }) => delivery.id));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  async function start({ delivery: { id, webhookId, eventId, type, again }, pause }: HandedOver): Promise<void> {
    await unlessStarted(
      client.workflow.start(webhookDeliveryWorkflowType, {
        workflowId: webhookDeliveryIdOf(webhookId, eventId, again ? id : undefined),
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        taskQueue: webhookTaskQueueOf(taskQueue),
        workflowTaskTimeout: '4s',
        ...(pause > 0 && { startDelay: pause }),
        args: [{ deliveryId: id, webhookId, retry }],
        staticSummary: `${type} for a webhook${again ? ', asked for by a manager' : ''}`,
        staticDetails: `Webhook \`${webhookId}\`, event \`${eventId}\``,
      }),
    );
  }

  async function giveNotice(): Promise<void> {
    for (const { id, version } of await outbox.noticesDue()) {
      await unlessStarted(
        client.withDeadline(Date.now() + START_DEADLINE_MS, () =>
          client.workflow.start(webhookNoticeWorkflowType, {
            workflowId: webhookNoticeIdOf(id, version),
            workflowIdReusePolicy: 'REJECT_DUPLICATE',
            taskQueue,
            args: [id],
            staticSummary: 'An email about a disabled webhook',
          }),
        ),
      );
      await outbox.markNoticed(id);
    }
  }

  /** Forgets old deliveries, and seals secrets with today's key. */
  async function tidy(): Promise<void> {
    const forgotten = await deliveries.forget(new Date(Date.now() - keepFor), TIDY_AT_ONCE);
    if (forgotten < TIDY_AT_ONCE) tidyAt = Date.now() + TIDY_MS;
    for (const { id, ...sealed } of await webhooks.secrets()) {
      for (const column of ['secret', 'old_secret'] as const) {
        const before = sealed[column];
        if (before && seal.isStale(before)) await reseal(id, column, before);
      }
    }
  }

  async function reseal(webhookId: string, column: 'secret' | 'old_secret', before: Buffer): Promise<void> {
    const secret = await seal.unseal(before).catch((error: unknown) => {
      logger.warn({ err: error, webhookId }, 'a webhook’s secret cannot be read, so it stays as it is');
    });
    if (secret !== undefined) await webhooks.reseal(webhookId, column, before, await seal.seal(secret));
  }

  function idle(): Promise<void> {
    if (news || stopped) return Promise.resolve();
    const waiting = new AbortController();
    rouse = () => waiting.abort();
    return delay(IDLE_MS, undefined, { signal: waiting.signal }).catch(() => undefined);
  }

  async function run(): Promise<void> {
    while (!stopped) {
      news = false;
      const more = await round().then(
        (left) => {
          progressAt = performance.now();
          return left;
        },
        async (error: unknown) => {
          logger.warn({ err: error }, 'webhooks wait: they could not be dispatched, and will be tried again');
          // Others, who look each second, may reach what this process does not.
          await release();
          if (!stopped) await delay(FAILURE_PAUSE_MS);
          return false;
        },
      );
      if (more) continue;
      await delay(GATHER_MS);
      await idle();
    }
    await release();
  }

  async function release(): Promise<void> {
    await outbox.release(self).catch((error: unknown) => logger.warn({ err: error }, 'lease not released'));
  }

  const running = run();
  return {
    wake() {
      news = true;
      rouse();
    },
    async check() {
      const age = performance.now() - progressAt;
      if (age > MAX_ROUND_AGE_MS) throw new Error(`no dispatch round has completed for ${Math.round(age / 1_000)} s`);
    },
    stop() {
      stopped = true;
      rouse();
      // No new one begins from now on; what the last round leaves behind ends after it.
      return Promise.all([running, firstTries.stop()]).then(() => firstTries.stop());
    },
  };
}

const deliveriesOf = (facts: LoggedFact[], listeners: Listener[]): NewDelivery[] =>
  facts.flatMap(({ position, event: { id: eventId, type } }) =>
    listeners
      .filter(({ events, since }) => position > since && events.includes(type))
      .map(({ id: webhookId }) => ({ id: uuidv5(`${webhookId} ${eventId}`, DELIVERIES), webhookId, eventId, type })),
  );

/** Somebody before us did, and could not say so. */
async function unlessStarted(started: Promise<unknown>): Promise<void> {
  await started.catch((error: unknown) => {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  });
}
