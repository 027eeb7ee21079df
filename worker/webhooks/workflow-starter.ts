import type { Client, WorkflowStartOptions } from '@temporalio/client';
import type { UnstartedDelivery } from '../../db/webhook-deliveries.ts';
import type { RetryPlan } from '../../domain/webhook/retry.ts';
import { ignoreAlreadyStarted } from '../../workflows/messages/already-started.ts';
import {
  webhookDeliveryIdOf,
  webhookDeliveryWorkflowType,
  webhookNoticeIdOf,
  webhookNoticeWorkflowType,
  webhookTaskQueueOf,
} from '../../workflows/messages/webhooks.ts';

/** The timeout of the start of a workflow, in ms. It is short, so that a round ends before the dispatcher's lease expires. */
const START_TIMEOUT_MS = 10_000;

/** Starts the workflows of webhooks. A repeated start has no effect. */
export function createWorkflowStarter(client: Client, { taskQueue, retry }: { taskQueue: string; retry: RetryPlan }) {
  async function start(type: string, options: WorkflowStartOptions): Promise<void> {
    await client
      .withDeadline(Date.now() + START_TIMEOUT_MS, () =>
        client.workflow.start(type, { workflowIdReusePolicy: 'REJECT_DUPLICATE', ...options }),
      )
      .catch(ignoreAlreadyStarted);
  }

  return {
    /** @param startDelay the pause before the workflow starts, in ms */
    startDelivery: ({ id, webhookId, eventId, type, again }: UnstartedDelivery, startDelay: number) =>
      start(webhookDeliveryWorkflowType, {
        workflowId: webhookDeliveryIdOf(webhookId, eventId, again ? id : undefined),
        taskQueue: webhookTaskQueueOf(taskQueue),
        workflowTaskTimeout: '4s',
        startDelay,
        args: [{ deliveryId: id, webhookId, retry }],
        staticSummary: `${type} for a webhook${again ? ', requested by a manager' : ''}`,
        staticDetails: `Webhook \`${webhookId}\`, event \`${eventId}\``,
      }),

    /** Starts the workflow that sends the email about a disabled webhook. */
    startNotice: (webhookId: string, version: number) =>
      start(webhookNoticeWorkflowType, {
        workflowId: webhookNoticeIdOf(webhookId, version),
        taskQueue,
        args: [webhookId],
        staticSummary: 'An email about a disabled webhook',
      }),
  };
}

export type WorkflowStarter = ReturnType<typeof createWorkflowStarter>;
