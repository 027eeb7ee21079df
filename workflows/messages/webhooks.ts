import type { RetryPlan } from '../../domain/webhook/retry.ts';

/** Webhooks have a task queue of their own, for workflows and activities: an order never stands behind one of them. */
export const webhookTaskQueueOf = (taskQueue: string): string => `${taskQueue}-webhooks`;

/** The type of the workflow that makes one delivery, once a first try has failed. */
export const webhookDeliveryWorkflowType = 'webhookDelivery';

/** What a delivery's workflow starts from. What it sends, and where to, is looked up each time. */
export interface DeliveryStart {
  deliveryId: string;
  webhookId: string;
  retry: RetryPlan;
}

/** One webhook, one event, one workflow; one that a manager asked for has its own id besides. */
export const webhookDeliveryIdOf = (webhookId: string, eventId: string, deliveryId?: string): string =>
  ['webhook', webhookId, eventId, deliveryId].filter(Boolean).join('-');

/** The type of the workflow that tells the shop that a webhook is disabled. */
export const webhookNoticeWorkflowType = 'webhookNotice';

/** @param version of the webhook, disabled: it may be so again */
export const webhookNoticeIdOf = (webhookId: string, version: number): string =>
  `webhook-notice-${webhookId}-${version}`;
