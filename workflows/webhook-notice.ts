import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/create-activities.ts';
import { emailQueue, singleEmail } from './email-options.ts';

const { webhookNotice: sendEmail } = proxyActivities<Activities>(singleEmail);

/** Notifies the shop by email that a webhook is disabled. */
export const webhookNotice = (webhookId: string): ReturnType<Activities['webhookNotice']> =>
  sendEmail.executeWithOptions({ taskQueue: emailQueue() }, [webhookId]);
