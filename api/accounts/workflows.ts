import { randomUUID } from 'node:crypto';
import type { WorkflowClient } from '@temporalio/client';
import { ignoreAlreadyStarted } from '../../config/already-started.ts';
import type { AccountMailRequest, Erasure } from '../../domain/account/account-request.ts';
import {
  accountMailIdOf,
  accountMailWorkflowType,
  erasureIdOf,
  erasureWorkflowType,
} from '../../workflows/messages/accounts.ts';
import { createCallWithDeadline } from '../http/deadline.ts';

/** The one place that calls the accounts' workflows. Every call takes the deadline of its request, in ms since the epoch. */
export interface AccountWorkflows {
  /** From here on the mail is durable. @throws {OutcomeUnknown} */
  mail(request: AccountMailRequest, deadline: number): Promise<void>;
  /** From here on it is durable that this person is to be forgotten. @throws {OutcomeUnknown} */
  erase(whom: Erasure, deadline: number): Promise<void>;
}

const DAY_MS = 24 * 60 * 60 * 1_000;

/** @param backupDays for how long backups of Postgres are kept, and with them the record of who was erased */
export function createAccountWorkflows(
  client: WorkflowClient,
  { taskQueue, backupDays }: { taskQueue: string; backupDays: number },
): AccountWorkflows {
  const callWithDeadline = createCallWithDeadline(client);

  async function mail(request: AccountMailRequest, deadline: number): Promise<void> {
    await callWithDeadline(deadline, () =>
      client.start(accountMailWorkflowType, {
        workflowId: accountMailIdOf(idOf(request)),
        taskQueue,
        args: [request],
        staticSummary: 'An email about an account',
      }),
    ).catch(ignoreAlreadyStarted);
  }

  async function erase(whom: Erasure, deadline: number): Promise<void> {
    await callWithDeadline(deadline, () =>
      client.start(erasureWorkflowType, {
        workflowId: erasureIdOf(whom.userId),
        taskQueue,
        args: [whom, backupDays * DAY_MS],
        staticSummary: 'A person is to be forgotten',
        // The list of workflows shows it without opening each history.
        memo: { ...whom },
        // Who asks twice is forgotten twice.
        workflowIdConflictPolicy: 'TERMINATE_EXISTING',
      }),
    );
  }

  return { mail, erase };
}

/** What names the workflow of a mail: one mail tells of one request, and of one version of a password. */
function idOf(request: AccountMailRequest): string {
  if (request.about === 'request') return request.requestId;
  return request.about === 'password_changed' ? `${request.userId}-${request.passwordVersion}` : randomUUID();
}
