import type { Client, WorkflowHandle } from '@temporalio/client';

/**
 * Waits until a workflow's first task is done. Follows the history by long polling, because repeated queries would load the server
 * that is measured.
 */
export async function firstTaskDone({ connection, options }: Client, { workflowId }: WorkflowHandle): Promise<void> {
  let nextPageToken: Uint8Array | undefined;
  for (;;) {
    const page = await connection.workflowService.getWorkflowExecutionHistory({
      namespace: options.namespace,
      execution: { workflowId },
      waitNewEvent: true,
      ...(nextPageToken && { nextPageToken }),
    });
    if (page.history?.events?.some((event) => event.workflowTaskCompletedEventAttributes)) return;
    nextPageToken = page.nextPageToken?.length ? page.nextPageToken : undefined;
  }
}
