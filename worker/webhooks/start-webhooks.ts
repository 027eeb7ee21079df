import type { Client } from '@temporalio/client';
import { countWebhooks } from '../../activities/metrics.ts';
import type { Logger } from '../../config/logger.ts';
import type { Registry } from '../../config/metrics.ts';
import { subscribeToRedis } from '../../config/redis-connection.ts';
import type { Database } from '../../db/connection.ts';
import { createEventLog } from '../../db/event-log.ts';
import { createWebhookDeliveryRepository } from '../../db/webhook-deliveries.ts';
import { createWebhookOutbox } from '../../db/webhook-outbox.ts';
import { createWebhookRepository } from '../../db/webhooks.ts';
import { ORDERS_CHANNEL } from '../../domain/order/cloud-event.ts';
import { createAttemptDelivery } from '../../webhooks/attempt-delivery.ts';
import { createEndpointPolicy } from '../../webhooks/endpoint-policy.ts';
import { createEndpointQueues } from '../../webhooks/endpoint-queues.ts';
import { createSeal } from '../../webhooks/secret-seal.ts';
import { createSender } from '../../webhooks/sender.ts';
import { WEBHOOKS_CHANNEL } from '../../webhooks/wake-up-notifier.ts';
import type { WorkerSettings } from '../settings.ts';
import { startWebhookDispatcher } from './dispatcher.ts';

/** The maximum number of attempts to one endpoint at the same time. */
export const ATTEMPTS_PER_ENDPOINT = 10;

/** The longest pause between two attempts at a delivery, in ms. */
const MAX_PAUSE_MS = 3 * 60 * 60 * 1_000;

const DAY_MS = 24 * 60 * 60 * 1_000;

interface Dependencies {
  database: Database;
  logger: Logger;
}

/** Creates the dependencies of attempts at webhook deliveries. The dispatcher and the activities share them. */
export function createWebhookSending(
  settings: WorkerSettings,
  { database, logger, metrics }: Dependencies & { metrics: Registry },
) {
  const webhookDeliveries = countWebhooks(metrics, createWebhookDeliveryRepository(database));
  const seal = createSeal(settings.PAYLOAD_KEYS);
  const { addressesOf } = createEndpointPolicy({
    httpsOnly: settings.NODE_ENV === 'production',
    allowedNetworks: settings.WEBHOOK_ALLOWED_NETWORKS,
  });
  const attemptDelivery = createAttemptDelivery({
    deliveries: webhookDeliveries,
    send: createSender({ addressesOf, timeout: settings.WEBHOOK_TIMEOUT * 1_000 }),
    unseal: seal.unseal,
    publicUrl: settings.PUBLIC_URL,
    disableAfter: settings.WEBHOOK_DISABLE_AFTER * 1_000,
    logger,
  });
  const endpointQueues = createEndpointQueues(ATTEMPTS_PER_ENDPOINT);
  return { webhooks: createWebhookRepository(database), webhookDeliveries, seal, endpointQueues, attemptDelivery };
}

export type WebhookSending = ReturnType<typeof createWebhookSending>;

interface DispatcherDependencies extends Dependencies {
  client: Client;
  sending: WebhookSending;
}

/** Starts the dispatcher of webhooks. Messages on Redis wake it. */
export function startWebhooks(settings: WorkerSettings, { database, logger, client, sending }: DispatcherDependencies) {
  const { webhookDeliveries: deliveries, ...shared } = sending;
  const dispatcher = startWebhookDispatcher(
    { ...shared, deliveries, client, log: createEventLog(database), outbox: createWebhookOutbox(database), logger },
    {
      instance: settings.INSTANCE_ID,
      taskQueue: settings.TEMPORAL_TASK_QUEUE,
      retry: {
        first: settings.WEBHOOK_RETRY_AFTER * 1_000,
        longest: MAX_PAUSE_MS,
        limit: settings.WEBHOOK_RETRY_FOR * 1_000,
      },
      keepFor: settings.WEBHOOK_LOG_DAYS * DAY_MS,
    },
  );
  const wakeUps = subscribeToRedis(
    settings.REDIS_URL,
    [ORDERS_CHANNEL, WEBHOOKS_CHANNEL],
    { connectionName: 'crema-dispatcher' },
    { logger, consequence: 'the dispatcher of webhooks polls every second' },
  );
  wakeUps.on('message', dispatcher.wake);
  return { dispatcher, wakeUps };
}
