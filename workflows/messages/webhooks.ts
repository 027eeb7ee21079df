import type { RetryPlan } from '../../domain/webhook/retry.ts';

/** Webhooks have a task queue of their own for workflows and activities, so that they do not delay orders. */
export const webhookTaskQueueOf = (taskQueue: string): string => `${taskQueue}-webhooks`;

/** The type of the workflow that retries a delivery after its first attempt has failed. */
export const webhookDeliveryWorkflowType = 'webhookDelivery';

/** The argument of a delivery's workflow. Each attempt reads the event and the URL from Postgres. */
export interface DeliveryStart {
  deliveryId: string;
  webhookId: string;
  retry: RetryPlan;
}

/** @param deliveryId only for a delivery that a manager requested, because an event can have several such deliveries */
export const webhookDeliveryIdOf = (webhookId: string, eventId: string, deliveryId?: string): string =>
  ['webhook', webhookId, eventId, deliveryId].filter(Boolean).join('-');

/** The type of the workflow that notifies the shop that a webhook is disabled. */
export const webhookNoticeWorkflowType = 'webhookNotice';

/** @param version the webhook's version, because the same webhook can be disabled again later */
export const webhookNoticeIdOf = (webhookId: string, version: number): string =>
  `webhook-notice-${webhookId}-${version}`;
