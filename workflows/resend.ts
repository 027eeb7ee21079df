import { proxyActivities, sleep, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/create-activities.ts';
import { singleEmail } from './email-options.ts';
import { emailTaskQueueOf } from './messages/definitions.ts';

const { resendEmail } = proxyActivities<Activities>(singleEmail);

/** For how long a second request for the same mail is taken for a second click. */
const SECOND_CLICK = '10s';

/** Sends one mail about an order once more, whether the order's own workflow is still there or not. */
export async function resend(deliveryId: string): ReturnType<Activities['resendEmail']> {
  const taskQueue = emailTaskQueueOf(workflowInfo().taskQueue);
  const outcome = await resendEmail.executeWithOptions({ taskQueue, summary: 'once more' }, [deliveryId]);
  await sleep(SECOND_CLICK, { summary: 'a second click is none of its own' });
  return outcome;
}
