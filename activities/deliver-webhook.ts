import { activityInfo, cancellationSignal, cancelled } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { WebhookDeliveryRepository } from '../db/webhook-deliveries.ts';
import { pauseAfter, type RetryPlan } from '../domain/webhook/retry.ts';
import type { DeliveryOutcome } from '../domain/webhook/webhook.ts';
import type { AttemptDelivery } from '../webhooks/attempt-delivery.ts';
import type { EndpointQueues } from '../webhooks/endpoint-queues.ts';

export interface WebhookDependencies {
  webhookDeliveries: Pick<WebhookDeliveryRepository, 'settle'>;
  attemptDelivery: AttemptDelivery;
  endpointQueues: EndpointQueues;
}

/** The priority of retries in an endpoint's queue. First attempts have the lower priority 0, so retries run before them. */
const RETRY_PRIORITY = 1;

/** The maximum number of retries that wait in an endpoint's queue. It is limited, because each occupies an activity slot. */
export const MAX_WAITING_RETRIES = 10;

/** The longest pause before a retry that found its endpoint's queue full is made again, in ms. */
const MAX_QUEUE_PAUSE_MS = 5 * 60 * 1_000;

/** Returns the activity that makes one attempt at a delivery. A failed attempt fails the activity and sets the pause before the retry. */
export function createDeliverWebhook({ attemptDelivery, endpointQueues }: WebhookDependencies) {
  return async (deliveryId: string, webhookId: string, retry: RetryPlan): Promise<DeliveryOutcome> => {
    const queue = endpointQueues(webhookId);
    if (queue.sizeBy({ priority: RETRY_PRIORITY }) >= MAX_WAITING_RETRIES) {
      const plan = { ...retry, longest: MAX_QUEUE_PAUSE_MS };
      throw undelivered('The queue of the endpoint is full.', pauseAfter(activityInfo().attempt, plan, Math.random()));
    }
    const signal = cancellationSignal();
    const attempt = queue.add(
      async () => {
        signal.throwIfAborted();
        return attemptDelivery(deliveryId, webhookId, retry);
      },
      { priority: RETRY_PRIORITY },
    );
    const result = await Promise.race([attempt, cancelled()]);
    if (result.outcome === 'pending') throw undelivered(result.error, result.pause);
    return result.outcome;
  };
}

/** Returns the activity that ends a delivery without another attempt. */
export const createSettleWebhook =
  ({ webhookDeliveries }: Pick<WebhookDependencies, 'webhookDeliveries'>) =>
  (deliveryId: string, outcome: 'given_up'): Promise<void> =>
    webhookDeliveries.settle(deliveryId, outcome);

/** @param pause the pause before the retry, in ms */
const undelivered = (message: string, pause: number): ApplicationFailure =>
  ApplicationFailure.create({ type: 'Undelivered', message, nextRetryDelay: Math.ceil(pause) });
