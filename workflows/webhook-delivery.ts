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
 * Delivers one event to one webhook and returns the outcome. It gives up at the end of the retry period, or when an operator
 * cancels it.
 */
export async function webhookDelivery({ deliveryId, webhookId, retry }: DeliveryStart): Promise<DeliveryOutcome> {
  const { deliverWebhook: deliver } = proxyActivities<Activities>({
    startToCloseTimeout: '1m',
    // After this time, another worker gets the attempt of a dead worker.
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
