import { proxyActivities, sleep } from '@temporalio/workflow';
import type { Activities } from '../activities/create-activities.ts';
import { emailQueue, singleEmail } from './email-options.ts';

const { resendEmail } = proxyActivities<Activities>(singleEmail);

/** How long repeated requests are ignored, such as a double click. */
const REPEATED_WITHIN = '10s';

/** Sends one email about an order again. It is a separate workflow, because the order's workflow may have ended. */
export async function resend(deliveryId: string): ReturnType<Activities['resendEmail']> {
  const outcome = await resendEmail.executeWithOptions({ taskQueue: emailQueue(), summary: 'sent again' }, [
    deliveryId,
  ]);
  await sleep(REPEATED_WITHIN, { summary: 'ignores repeated requests' });
  return outcome;
}
