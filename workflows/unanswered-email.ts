import { ActivityFailure, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/create-activities.ts';
import type { UnansweredEmail } from '../domain/order/unanswered-email.ts';
import { emailQueue, singleEmail } from './email-options.ts';
import { DATABASE_RETRY } from './retry-policies.ts';

const { resendUnanswered } = proxyActivities<Activities>(singleEmail);

const { journal } = proxyActivities<Activities>({
  startToCloseTimeout: '20s',
  retry: DATABASE_RETRY,
});

/** Sends another copy of an email that the mail server did not confirm. A separate workflow, so as not to delay other emails. */
export async function unansweredEmail(email: UnansweredEmail): Promise<void> {
  const { orderId, eventId, recipient } = email;
  const options = { taskQueue: emailQueue(), summary: `${eventId} to the ${recipient}` };
  try {
    await resendUnanswered.executeWithOptions(options, [email]);
  } catch (error) {
    // Any other error is a bug and must fail the workflow task.
    if (!(error instanceof ActivityFailure)) throw error;
    const at = new Date().toISOString();
    const reason = error.cause?.message ?? error.message;
    await journal([{ kind: 'given_up', orderId, audience: recipient, eventIds: [eventId], at, error: reason }], false);
  }
}
