import type { WorkflowHandle } from '@temporalio/client';

/** The maximum cost of a delivered order at rest. A test enforces it, and docs/benchmarks.md shows it as the target. */
export const MAX_ORDER_COST = {
  historyEvents: 54,
  workflowTasks: 9,
  /** What Temporal Cloud bills. */
  actions: 14,
};

/** Returns the cost of an order's latest run. */
export async function costOf(handle: WorkflowHandle): Promise<{ historyEvents: number; workflowTasks: number }> {
  const { events } = await handle.fetchHistory();
  return {
    historyEvents: events?.length ?? 0,
    workflowTasks: events?.filter((event) => event.workflowTaskCompletedEventAttributes).length ?? 0,
  };
}
