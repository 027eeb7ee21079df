import type { Client } from '@temporalio/client';
import type { UnansweredEmail } from '../domain/order/unanswered-email.ts';
import { unansweredEmailIdOf, unansweredEmailWorkflowType } from '../workflows/messages/definitions.ts';

/** How long Temporal may take to start a workflow, in ms. */
const DEADLINE_MS = 5_000;

/** Starts the workflow of an email that is to be sent once more, after a pause in ms; one that is there already goes on. */
export const createScheduleResend =
  (client: Client, taskQueue: string) =>
  async (email: UnansweredEmail, pauseMs: number): Promise<void> => {
    await client.withDeadline(Date.now() + DEADLINE_MS, () =>
      client.workflow.start(unansweredEmailWorkflowType, {
        workflowId: unansweredEmailIdOf(email),
        workflowIdConflictPolicy: 'USE_EXISTING',
        taskQueue,
        args: [email],
        startDelay: pauseMs,
        staticSummary: 'An unanswered email once more',
      }),
    );
  };
