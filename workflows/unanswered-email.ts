import { ActivityFailure, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/create-activities.ts';
import type { UnansweredEmail } from '../domain/order/unanswered-email.ts';
import { singleEmail } from './email-options.ts';
import { emailTaskQueueOf } from './messages/definitions.ts';
import { DATABASE_RETRY } from './retry-policies.ts';

const { resendUnanswered } = proxyActivities<Activities>(singleEmail);

const { journal } = proxyActivities<Activities>({
  startToCloseTimeout: '20s',
  retry: DATABASE_RETRY,
});

/**
 * Sends an unanswered email again. This is a separate workflow, so that the order's other emails do not wait for it.
 */
export async function unansweredEmail(email: UnansweredEmail): Promise<void> {
  const { orderId, eventId, recipient } = email;
  const taskQueue = emailTaskQueueOf(workflowInfo().taskQueue);
  try {
    await resendUnanswered.executeWithOptions({ taskQueue, summary: `${eventId} to the ${recipient}` }, [email]);
  } catch (error) {
    // Only a failed activity is a reason to give up. Any other error is a bug.
    if (!(error instanceof ActivityFailure)) throw error;
    const at = new Date().toISOString();
    const reason = error.cause?.message ?? error.message;
    await journal([{ kind: 'given_up', orderId, audience: recipient, eventIds: [eventId], at, error: reason }], false);
  }
}
