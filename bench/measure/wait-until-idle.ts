import type { WorkflowHandle } from '@temporalio/client';
import { waitFor } from '../../stack/wait.ts';

/** Waits until a workflow has nothing under way: no task, no activity. The next measurement then meets a server at rest. */
export const waitUntilIdle = (handle: WorkflowHandle, signal: AbortSignal, deadline = 20_000): Promise<void> =>
  waitFor(
    `The rest of ${handle.workflowId}`,
    async () => {
      const { raw } = await handle.describe();
      return !raw.pendingWorkflowTask && (raw.pendingActivities?.length ?? 0) === 0;
    },
    { deadline, every: 10, signal },
  );

/** Waits until all of these have nothing under way, the oldest first. */
export async function waitUntilAllIdle(handles: WorkflowHandle[], signal: AbortSignal): Promise<void> {
  for (const handle of handles) await waitUntilIdle(handle, signal, 20_000 + 200 * handles.length);
}
