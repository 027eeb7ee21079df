import { proxyActivities, sleep, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/create-activities.ts';
import { singleEmail } from './email-options.ts';
import { emailTaskQueueOf } from './messages/definitions.ts';

const { resendEmail } = proxyActivities<Activities>(singleEmail);

/** How long a repeated request counts as a double click. */
const DOUBLE_CLICK = '10s';

/** Sends one email about an order again. The order's own workflow may have closed long ago. */
export async function resend(deliveryId: string): ReturnType<Activities['resendEmail']> {
  const taskQueue = emailTaskQueueOf(workflowInfo().taskQueue);
  const outcome = await resendEmail.executeWithOptions({ taskQueue, summary: 'once more' }, [deliveryId]);
  await sleep(DOUBLE_CLICK, { summary: 'a second click is none of its own' });
  return outcome;
}
