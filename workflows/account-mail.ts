import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/create-activities.ts';
import type { AccountErrand } from '../domain/account/errand.ts';
import { emailTaskQueueOf } from './messages/definitions.ts';

const { accountMail: mail } = proxyActivities<Activities>({
  startToCloseTimeout: '1m',
  scheduleToCloseTimeout: '24h',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
});

/** Sends one mail about an account. Its result says what became of it; one that is given up fails it, for operators to see. */
export const accountMail = (errand: AccountErrand): ReturnType<Activities['accountMail']> =>
  mail.executeWithOptions({ taskQueue: emailTaskQueueOf(workflowInfo().taskQueue), summary: errand.about }, [errand]);
