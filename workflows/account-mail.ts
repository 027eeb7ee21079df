import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/create-activities.ts';
import type { AccountEmailRequest } from '../domain/account/account-request.ts';
import { emailQueue, singleEmail } from './email-options.ts';

const { accountMail: sendEmail } = proxyActivities<Activities>(singleEmail);

/** Sends one email about an account and returns the outcome. The workflow fails after the last attempt, which operators can see. */
export const accountMail = (request: AccountEmailRequest): ReturnType<Activities['accountMail']> =>
  sendEmail.executeWithOptions({ taskQueue: emailQueue(), summary: request.about }, [request]);
