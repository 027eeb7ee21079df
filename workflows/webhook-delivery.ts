import { CancellationScope, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/create-activities.ts';
import type { DeliveryOutcome } from '../domain/webhook/webhook.ts';
import type { DeliveryStart } from './messages/webhooks.ts';
import { DATABASE_RETRY, webhookRetry } from './retry-policies.ts';

const { settleWebhook: settle } = proxyActivities<Activities>({
  startToCloseTimeout: '15s',
  retry: DATABASE_RETRY,
});

/**
 * Delivers one event to one webhook. Its result says what became of it; what is still refused at the end of its time, or
 * is cancelled by an operator, is given up.
 */
export async function webhookDelivery({ deliveryId, webhookId, retry }: DeliveryStart): Promise<DeliveryOutcome> {
  const { deliverWebhook: deliver } = proxyActivities<Activities>({
    startToCloseTimeout: '1m',
    // What a dead worker had in hand is another's after this long.
    heartbeatTimeout: '10s',
    scheduleToCloseTimeout: retry.limit,
    retry: webhookRetry(retry),
  });
  try {
    return await deliver(deliveryId, webhookId, retry);
  } catch {
    await CancellationScope.nonCancellable(() => settle(deliveryId, 'given_up'));
    return 'given_up';
  }
}
