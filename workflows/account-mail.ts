import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/create-activities.ts';
import type { AccountEmailRequest } from '../domain/account/account-request.ts';
import { emailQueue, singleEmail } from './email-options.ts';

const { accountMail: sendEmail } = proxyActivities<Activities>(singleEmail);

/** Sends one email about an account and returns the outcome. If all attempts fail, the workflow fails, so that operators see it. */
export const accountMail = (request: AccountEmailRequest): ReturnType<Activities['accountMail']> =>
  sendEmail.executeWithOptions({ taskQueue: emailQueue(), summary: request.about }, [request]);
