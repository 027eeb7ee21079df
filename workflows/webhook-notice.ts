import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/create-activities.ts';
import { singleEmail } from './email-options.ts';
import { emailTaskQueueOf } from './messages/definitions.ts';

const { webhookNotice: sendEmail } = proxyActivities<Activities>(singleEmail);

/** Notifies the shop by email that a webhook is disabled. */
export const webhookNotice = (webhookId: string): ReturnType<Activities['webhookNotice']> =>
  sendEmail.executeWithOptions({ taskQueue: emailTaskQueueOf(workflowInfo().taskQueue) }, [webhookId]);
