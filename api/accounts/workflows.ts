import { randomUUID } from 'node:crypto';
import type { WorkflowClient } from '@temporalio/client';
import type { AccountEmailRequest, Erasure } from '../../domain/account/account-request.ts';
import {
  accountEmailIdOf,
  accountEmailWorkflowType,
  erasureIdOf,
  erasureWorkflowType,
} from '../../workflows/messages/accounts.ts';
import { ignoreAlreadyStarted } from '../../workflows/messages/already-started.ts';
import { createCallWithDeadline } from '../http/deadline.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

/** How long Temporal may take to answer, in ms. */
const TEMPORAL_TIMEOUT_MS = 3_000;

/**
 * Starts the workflows of accounts. Once a call has returned, a crash of this process does not stop the workflow.
 *
 * @param backupDays how long backups of Postgres are kept. An erasure's workflow stays open for this time, as its record.
 */
export function createAccountWorkflows(
  client: WorkflowClient,
  { taskQueue, backupDays }: { taskQueue: string; backupDays: number },
) {
  const callWithDeadline = createCallWithDeadline(client);

  return {
    /** @throws {OutcomeUnknownError} */
    async email(request: AccountEmailRequest): Promise<void> {
      await callWithDeadline(Date.now() + TEMPORAL_TIMEOUT_MS, () =>
        client.start(accountEmailWorkflowType, {
          workflowId: accountEmailIdOf(emailIdOf(request)),
          taskQueue,
          args: [request],
          staticSummary: 'An email about an account',
        }),
      )
        // If a response is lost, the SDK repeats the call. The first call may already have started the workflow.
        .catch(ignoreAlreadyStarted);
    },

    /** @throws {OutcomeUnknownError} */
    async erase(erasure: Erasure): Promise<void> {
      await callWithDeadline(Date.now() + TEMPORAL_TIMEOUT_MS, () =>
        client.start(erasureWorkflowType, {
          workflowId: erasureIdOf(erasure.userId),
          taskQueue,
          args: [erasure, backupDays * DAY_MS],
          staticSummary: 'Erasure of a user',
          // Lists of workflows contain the memo, so `worker/erasure-records.ts` does not have to read each history.
          memo: { ...erasure },
          // A repeated request ends the earlier workflow and starts the erasure again.
          workflowIdConflictPolicy: 'TERMINATE_EXISTING',
        }),
      );
    },
  };
}

export type AccountWorkflows = ReturnType<typeof createAccountWorkflows>;

/** Returns the id of an email. Each request and each version of a password has one email; other emails get a random id. */
function emailIdOf(request: AccountEmailRequest): string {
  if (request.about === 'request') return request.requestId;
  return request.about === 'password_changed' ? `${request.userId}-${request.passwordVersion}` : randomUUID();
}
