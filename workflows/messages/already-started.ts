import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';

/** Handles a rejected start of a workflow: ignores that its id is in use, and rethrows any other error. */
export function ignoreAlreadyStarted(error: unknown): void {
  if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
}
