import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';

/** Handles the rejection of a workflow's start. It ignores a second start of the same id, and rethrows every other error. */
export function ignoreAlreadyStarted(error: unknown): void {
  if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
}
