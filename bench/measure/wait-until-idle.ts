import type { WorkflowHandle } from '@temporalio/client';
import { waitFor } from '../../stack/wait.ts';

/** Waits until a workflow has no pending task and no pending activity. */
export const waitUntilIdle = (handle: WorkflowHandle, signal: AbortSignal, deadline = 20_000): Promise<void> =>
  waitFor(
    `Work on ${handle.workflowId}`,
    async () => {
      const { raw } = await handle.describe();
      return !raw.pendingWorkflowTask && (raw.pendingActivities?.length ?? 0) === 0;
    },
    { deadline, every: 10, signal },
  );

/** Waits until all of these workflows are idle. Checks one after the other. */
export async function waitUntilAllIdle(handles: WorkflowHandle[], signal: AbortSignal): Promise<void> {
  for (const handle of handles) await waitUntilIdle(handle, signal, 20_000 + 200 * handles.length);
}
