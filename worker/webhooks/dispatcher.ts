import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { v5 as uuidv5 } from 'uuid';
import type { Logger } from '../../config/logger.ts';
import type { EventLog, LoggedFact } from '../../db/event-log.ts';
import type { UnstartedDelivery, WebhookDeliveryRepository } from '../../db/webhook-deliveries.ts';
import type { Listener, NewDelivery, WebhookOutbox } from '../../db/webhook-outbox.ts';
import type { WebhookRepository } from '../../db/webhooks.ts';
import { pauseAfter, type RetryPlan } from '../../domain/webhook/retry.ts';
import type { AttemptDelivery } from '../../webhooks/attempt-delivery.ts';
import type { EndpointQueues } from '../../webhooks/endpoint-queues.ts';
import type { Seal } from '../../webhooks/secret-seal.ts';
import { UndecryptablePayload } from '../../workflows/payloads/codec.ts';
import { createMaintenance } from './maintenance.ts';
import { createWorkflowStarter, type WorkflowStarter } from './workflow-starter.ts';

interface Dependencies {
  client: Client;
  log: EventLog;
  outbox: WebhookOutbox;
  deliveries: WebhookDeliveryRepository;
  webhooks: WebhookRepository;
  attemptDelivery: AttemptDelivery;
  endpointQueues: EndpointQueues;
  seal: Seal;
  logger: Logger;
}

interface Options {
  /** `INSTANCE_ID`: names this process in Postgres. */
  instance: string;
  taskQueue: string;
  retry: RetryPlan;
  /** Age at which deliveries are deleted, in ms. */
  keepFor: number;
}

/** The maximum number of events that one round reads from the log. */
const BATCH = 200;

/** The maximum number of deliveries of one webhook that are queued or attempted at a time. The others wait in Postgres. */
const MAX_IN_PROGRESS = 100;

/** The longest pause between two rounds, in ms. */
const POLL_MS = 1_000;

/** The shortest pause between two rounds, in ms, so that events in quick succession share a round. */
const GATHER_MS = 50;

/** The pause after a round or a delivery that failed because of Postgres or Temporal, in ms. */
const FAILURE_PAUSE_MS = 2_000;

/** The interval between renewals of the lease, in ms. The lease lasts 15 s, so a round may take up to 12 s. */
const RENEWAL_MS = 3_000;

/** The process is unhealthy if its last completed round is older than this, in ms. */
const MAX_ROUND_AGE_MS = 60_000;

/** The namespace of delivery ids (RFC 9562, version 5). The delivery of one event to one webhook always has the same id. */
const DELIVERIES = '5d7c1f5e-9c0b-4d0c-8a59-0b6c5f1d7a3e';

/**
 * Delivers the events of the log to webhooks (docs/adr/0012, 0013). The dispatcher makes the first attempt at each delivery. If
 * that attempt fails, the delivery's workflow makes further attempts. A lease ensures that only one process dispatches at a time.
 * Every step can be repeated.
 */
export function startWebhookDispatcher(dependencies: Dependencies, options: Options) {
  const { log, outbox, deliveries, endpointQueues, logger } = dependencies;
  const workflows = createWorkflowStarter(dependencies.client, options);
  const deliver = createDeliver(dependencies, workflows, options.retry);
  const maintain = createMaintenance(dependencies, options.keepFor);
  const holder = `${options.instance} ${randomUUID()}`;
  /** The ids of deliveries that are queued or attempted. */
  const inProgress = new Set<string>();
  let active = false;
  let stopping = false;
  let wakeUp = new AbortController();
  let roundCompletedAt = performance.now();
  /** When this process last acquired or renewed the lease; undefined without the lease. */
  let leasedAt: number | undefined;

  const wake = () => wakeUp.abort();

  async function run(): Promise<void> {
    while (!stopping || inProgress.size > 0) {
      wakeUp = new AbortController();
      try {
        await round();
        roundCompletedAt = performance.now();
      } catch (error) {
        logger.warn({ err: error }, 'webhooks could not be dispatched; retrying');
        await delay(FAILURE_PAUSE_MS);
      }
      await delay(GATHER_MS);
      await delay(POLL_MS, undefined, { signal: wakeUp.signal }).catch(() => undefined);
    }
    await outbox
      .release(holder)
      .catch((error: unknown) =>
        logger.warn({ err: error }, 'the lease on dispatching webhooks could not be released'),
      );
  }

  async function round(): Promise<void> {
    // A stopping dispatcher keeps the lease, so that no other process repeats the attempts in progress.
    active = (await holdsLease()) && !stopping;
    if (!active) return;
    if ((await followLog(log, outbox)) === BATCH) wake();
    for (const delivery of await deliveries.unstarted(MAX_IN_PROGRESS, [...inProgress])) void enqueue(delivery);
    for (const { id, version } of await outbox.noticesDue()) {
      await workflows.startNotice(id, version);
      await outbox.markNoticed(id);
    }
    await maintain();
  }

  /** Acquires the lease, or renews it if it is due. */
  async function holdsLease(): Promise<boolean> {
    const now = performance.now();
    if (leasedAt !== undefined && now - leasedAt < RENEWAL_MS) return true;
    leasedAt = (await outbox.lease(holder)) ? now : undefined;
    return leasedAt !== undefined;
  }

  async function enqueue(delivery: UnstartedDelivery): Promise<void> {
    const { id, webhookId, eventId } = delivery;
    inProgress.add(id);
    try {
      await endpointQueues(webhookId).add(async () => {
        if (active) await deliver(delivery);
      });
    } catch (error) {
      logger.warn(
        { err: error, webhookId, eventId },
        'a webhook delivery could not be recorded, or its workflow could not be started; retrying',
      );
      await delay(FAILURE_PAUSE_MS);
    } finally {
      inProgress.delete(id);
      wake();
    }
  }

  const running = run();
  return {
    /** Starts the next round at once instead of within a second. */
    wake,
    /** @throws if this process completed its last round more than a minute ago */
    async check(): Promise<void> {
      const age = performance.now() - roundCompletedAt;
      if (age > MAX_ROUND_AGE_MS) throw new Error(`The last round completed ${Math.round(age / 1_000)} s ago`);
    },
    /** Starts no further attempts. Resolves when the attempts in progress have ended. */
    stop(): Promise<void> {
      stopping = true;
      active = false;
      wake();
      return running;
    },
  };
}

/** Adds the deliveries of the next events and moves the cursor past these events. @returns the number of events */
async function followLog(log: EventLog, outbox: WebhookOutbox): Promise<number> {
  const from = await outbox.position();
  const { facts } = await log.read(from, { limit: BATCH });
  const last = facts.at(-1);
  if (last) await outbox.advance(from, last.position, deliveriesOf(facts, await outbox.listeners()));
  return facts.length;
}

const deliveriesOf = (facts: LoggedFact[], listeners: Listener[]): NewDelivery[] =>
  facts.flatMap(({ position, event: { id: eventId, type } }) =>
    listeners
      .filter(({ events, since }) => position > since && events.includes(type))
      .map(({ id: webhookId }) => ({ id: uuidv5(`${webhookId} ${eventId}`, DELIVERIES), webhookId, eventId, type })),
  );

/** Returns a function that makes the first attempt at a delivery and, if that attempt fails, starts the delivery's workflow. */
function createDeliver(
  { outbox, attemptDelivery }: Pick<Dependencies, 'outbox' | 'attemptDelivery'>,
  workflows: WorkflowStarter,
  retry: RetryPlan,
) {
  /** @returns the pause before the next attempt, in ms; undefined if the delivery is settled */
  async function firstAttempt({ id, webhookId }: UnstartedDelivery): Promise<number | undefined> {
    try {
      const result = await attemptDelivery(id, webhookId, retry);
      return result.outcome === 'pending' ? result.pause : undefined;
    } catch (error) {
      // Not thrown: the delivery's workflow retries and shows the cause in the Temporal Web UI.
      if (error instanceof UndecryptablePayload) return pauseAfter(1, retry, Math.random());
      throw error;
    }
  }

  return async (delivery: UnstartedDelivery): Promise<void> => {
    const { id, attempts } = delivery;
    const pause = attempts > 0 ? pauseAfter(attempts, retry, Math.random()) : await firstAttempt(delivery);
    if (pause === undefined) return;
    await workflows.startDelivery(delivery, pause);
    await outbox.markStarted(id);
  };
}
