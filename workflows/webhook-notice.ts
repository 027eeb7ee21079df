import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/create-activities.ts';
import { emailTaskQueueOf } from './messages/definitions.ts';

const { webhookNotice: mail } = proxyActivities<Activities>({
  startToCloseTimeout: '1m',
  scheduleToCloseTimeout: '24h',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
});

/** Tells the shop by email that a webhook is disabled. */
export const webhookNotice = (webhookId: string): ReturnType<Activities['webhookNotice']> =>
  mail.executeWithOptions({ taskQueue: emailTaskQueueOf(workflowInfo().taskQueue) }, [webhookId]);
