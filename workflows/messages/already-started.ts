import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';

/** Ignores the error of a start whose workflow id is already in use. Rethrows any other error. */
export function ignoreAlreadyStarted(error: unknown): void {
  if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
}
