import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/create-activities.ts';
import type { AccountMailRequest } from '../domain/account/account-request.ts';
import { singleEmail } from './email-options.ts';
import { emailTaskQueueOf } from './messages/definitions.ts';

const { accountMail: mail } = proxyActivities<Activities>(singleEmail);

/** Sends one mail about an account. Its result says what became of it; one that is given up fails it, for operators to see. */
export const accountMail = (request: AccountMailRequest): ReturnType<Activities['accountMail']> =>
  mail.executeWithOptions({ taskQueue: emailTaskQueueOf(workflowInfo().taskQueue), summary: request.about }, [request]);
