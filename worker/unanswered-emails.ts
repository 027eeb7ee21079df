import type { Client } from '@temporalio/client';
import type { UnansweredEmail } from '../domain/order/unanswered-email.ts';
import { unansweredEmailIdOf, unansweredEmailWorkflowType } from '../workflows/messages/definitions.ts';

/** The timeout of the start of a workflow, in ms. */
const START_TIMEOUT_MS = 5_000;

/** Returns a function that starts the workflow `unansweredEmail` after a pause in ms, unless that workflow is running. */
export const createScheduleResend =
  (client: Client, taskQueue: string) =>
  async (email: UnansweredEmail, pauseMs: number): Promise<void> => {
    await client.withDeadline(Date.now() + START_TIMEOUT_MS, () =>
      client.workflow.start(unansweredEmailWorkflowType, {
        workflowId: unansweredEmailIdOf(email),
        workflowIdConflictPolicy: 'USE_EXISTING',
        taskQueue,
        args: [email],
        startDelay: pauseMs,
        staticSummary: 'An unanswered email, sent again',
      }),
    );
  };
