import type { WorkflowHandle } from '@temporalio/client';
import { waitFor } from '../../stack/wait.ts';

/** Waits until a workflow has nothing under way: no task, no activity. The next measurement then meets a server at rest. */
export const quiet = (handle: WorkflowHandle, signal: AbortSignal): Promise<void> =>
  waitFor(
    `The rest of ${handle.workflowId}`,
    async () => {
      const { raw } = await handle.describe();
      return !raw.pendingWorkflowTask && (raw.pendingActivities?.length ?? 0) === 0;
    },
    { deadline: 20_000, every: 10, signal },
  );
