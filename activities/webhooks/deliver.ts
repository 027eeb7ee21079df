import { heartbeat, log } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { Webhook } from 'standardwebhooks';
import type { DueDelivery, WebhookDeliveryRepository } from '../../db/webhook-deliveries.ts';
import { toCloudEvent } from '../../domain/order/cloud-event.ts';
import { pauseAfter, type RetryPlan } from '../../domain/webhook/retry.ts';
import { testEvent } from '../../domain/webhook/test-event.ts';
import { type DeliveryOutcome, TEST_EVENT } from '../../domain/webhook/webhook.ts';
import type { Lanes } from './lanes.ts';
import type { Reply, Send } from './send.ts';

/** What deliveries work with; the worker's composition root supplies it. */
export interface WebhookDependencies {
  webhookDeliveries: WebhookDeliveryRepository;
  lanes: Lanes;
  send: Send;
  /** Reads what keeps the secrets safe in Postgres. */
  unseal(sealed: Buffer): Promise<string>;
  /** How long everything may fail before a webhook is disabled, in ms. */
  disableAfter: number;
}

/** How often an attempt that takes long says that it goes on, in ms. */
const HEARTBEAT_MS = 3_000;

/** One attempt at a delivery; it fails when the endpoint does, and says when to try again. */
export function createDeliverWebhook({ webhookDeliveries, lanes, send, unseal, disableAfter }: WebhookDependencies) {
  return async (deliveryId: string, webhookId: string, retry: RetryPlan): Promise<DeliveryOutcome> => {
    const wait = lanes.enter(webhookId);
    if (wait !== undefined) throw comeBack('The endpoint has its hands full.', wait);
    const entered = performance.now();
    const alive = setInterval(heartbeat, HEARTBEAT_MS);
    try {
      return await deliver(deliveryId, webhookId, retry);
    } finally {
      clearInterval(alive);
      lanes.leave(webhookId, performance.now() - entered);
    }
  };

  async function deliver(id: string, webhookId: string, retry: RetryPlan): Promise<DeliveryOutcome> {
    const delivery = await webhookDeliveries.open(id);
    if (!delivery) return 'dropped';
    // Done before, by an attempt whose worker could not say so any more.
    if (delivery.outcome !== 'pending') return delivery.outcome;
    const body = bodyOf(delivery, webhookId);
    if (!delivery.enabled || !body) {
      await webhookDeliveries.settle(id, 'dropped');
      return 'dropped';
    }
    const at = new Date();
    const began = performance.now();
    const reply = await send(delivery.url, await headersFor(delivery, at, body), body);
    const duration = Math.round(performance.now() - began);
    const outcome = outcomeOf(reply);
    const failingSince = new Date(at.getTime() - disableAfter);
    await webhookDeliveries.record({ id, webhookId, failingSince }, { at, duration, outcome, ...reply });
    log.info('webhook', { eventId: delivery.eventId, webhookId, status: reply.status, duration, outcome });
    if (outcome !== 'pending') return outcome;
    throw comeBack(reply.error ?? '', pauseAfter(delivery.attempts + 1, retry, Math.random()));
  }

  async function headersFor({ eventId, secrets }: DueDelivery, at: Date, body: string) {
    const keys = await Promise.all(secrets.map(unseal));
    return {
      'content-type': 'application/cloudevents+json; charset=utf-8',
      'content-length': String(Buffer.byteLength(body)),
      'user-agent': 'Crema-Webhooks/1',
      'webhook-id': eventId,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      // Standard Webhooks: one signature for each secret that is good today.
      'webhook-signature': keys.map((key) => new Webhook(key).sign(eventId, at, body)).join(' '),
    };
  }
}

/** Ends a delivery that will not be tried any more. */
export const createSettleWebhook =
  ({ webhookDeliveries }: Pick<WebhookDependencies, 'webhookDeliveries'>) =>
  (deliveryId: string, outcome: 'given_up'): Promise<void> =>
    webhookDeliveries.settle(deliveryId, outcome);

/** The same for every attempt, to the byte; nothing when there is no such event any more. */
function bodyOf({ eventId, type, fact, createdAt }: DueDelivery, webhookId: string): string | undefined {
  if (type === TEST_EVENT) return JSON.stringify(testEvent(eventId, webhookId, createdAt.toISOString()));
  return fact ? JSON.stringify(toCloudEvent(fact)) : undefined;
}

function outcomeOf({ status, error }: Reply): 'delivered' | 'gone' | 'pending' {
  if (error === null) return 'delivered';
  return status === 410 ? 'gone' : 'pending';
}

/** @param pause in ms */
const comeBack = (message: string, pause: number): ApplicationFailure =>
  ApplicationFailure.create({ type: 'Undelivered', message, nextRetryDelay: Math.ceil(pause) });
