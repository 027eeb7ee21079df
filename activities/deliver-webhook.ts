import { heartbeat, log } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { WebhookDeliveryRepository } from '../db/webhook-deliveries.ts';
import { pauseAfter, type RetryPlan } from '../domain/webhook/retry.ts';
import type { DeliveryOutcome } from '../domain/webhook/webhook.ts';
import type { Tries } from '../webhooks/attempts.ts';
import type { Lanes } from '../webhooks/concurrency-limit.ts';

/** What deliveries work with; the worker's composition root supplies it. */
export interface WebhookDependencies {
  webhookDeliveries: WebhookDeliveryRepository;
  /** The same ones that make the first tries. */
  tries: Tries;
  lanes: Lanes;
}

/** How often an attempt that takes long says that it goes on, in ms. */
const HEARTBEAT_MS = 3_000;

/** One attempt at a delivery; it fails when the endpoint does, and says when to try again. */
export function createDeliverWebhook({ webhookDeliveries, tries, lanes }: WebhookDependencies) {
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
    // Done before, by an attempt whose worker could not say so any more, or that took too long to be waited for.
    if (delivery.outcome !== 'pending') return delivery.outcome;
    const tried = await tries.make(webhookId, delivery);
    if (!tried) {
      await webhookDeliveries.settle(id, 'dropped');
      return 'dropped';
    }
    const outcome = await tries.record(webhookId, id, tried);
    const { status, duration, error, pause } = tried;
    log.info('webhook', { eventId: delivery.eventId, webhookId, status, duration, outcome });
    if (outcome !== 'pending') return outcome;
    throw comeBack(error ?? '', pauseAfter(delivery.attempts + 1, retry, Math.random(), pause));
  }
}

/** Ends a delivery that will not be tried any more. */
export const createSettleWebhook =
  ({ webhookDeliveries }: Pick<WebhookDependencies, 'webhookDeliveries'>) =>
  (deliveryId: string, outcome: 'given_up'): Promise<void> =>
    webhookDeliveries.settle(deliveryId, outcome);

/** @param pause in ms */
const comeBack = (message: string, pause: number): ApplicationFailure =>
  ApplicationFailure.create({ type: 'Undelivered', message, nextRetryDelay: Math.ceil(pause) });
