import {
  type Client,
  type WorkflowExecutionStatusName,
  type WorkflowHandle,
  WorkflowNotFoundError,
} from '@temporalio/client';
import type { WorkflowRecord, WorkflowRecords } from '../activities/reconcile-orders.ts';
import type { Fact, Order } from '../domain/order/order.ts';
import { getOrderQuery, orderWorkflowType, workflowIdOf } from '../workflows/messages/definitions.ts';
import { factsIn } from '../workflows/messages/history.ts';
import { createDecode } from '../workflows/payloads/data-converter.ts';

/** How long Temporal may take for one order, in ms: a query waits for a worker. */
const DEADLINE_MS = 10_000;

const states: Partial<Record<WorkflowExecutionStatusName, WorkflowRecord['state']>> = {
  RUNNING: 'open',
  COMPLETED: 'completed',
};

/** Reads what Temporal keeps of the orders' workflows, whatever run they are in. */
export function createWorkflowRecords({ workflow }: Client): WorkflowRecords {
  const prefix = workflowIdOf('');
  const decode = createDecode(workflow.options.loadedDataConverter);
  const inTime = <T>(call: () => Promise<T>): Promise<T> => workflow.withDeadline(Date.now() + DEADLINE_MS, call);
  const toRecord = (workflowId: string, status: WorkflowExecutionStatusName): WorkflowRecord => ({
    orderId: workflowId.slice(prefix.length),
    state: states[status] ?? 'broken',
    status,
  });

  async function* list(): AsyncIterable<WorkflowRecord> {
    for await (const { workflowId, status } of workflow.list({ query: `WorkflowType = '${orderWorkflowType}'` })) {
      // Earlier runs of an order that went on in a new one.
      if (status.name !== 'CONTINUED_AS_NEW') yield toRecord(workflowId, status.name);
    }
  }

  async function find(orderId: string): Promise<WorkflowRecord | undefined> {
    try {
      const { workflowId, status } = await inTime(() => workflow.getHandle(workflowIdOf(orderId)).describe());
      return toRecord(workflowId, status.name);
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    }
  }

  async function order({ orderId, state }: WorkflowRecord): Promise<Order | undefined> {
    const handle = workflow.getHandle(workflowIdOf(orderId));
    if (state === 'open') return inTime(() => handle.query(getOrderQuery));
    return state === 'completed' ? ((await inTime(() => handle.result())) as Order) : undefined;
  }

  const facts = async (orderId: string): Promise<Fact[]> => factsIn(await eventsOf(orderId), decode);

  /** The histories of all runs, the first one first. */
  async function eventsOf(orderId: string) {
    const workflowId = workflowIdOf(orderId);
    const description = await inTime(() => workflow.getHandle(workflowId).describe());
    const all: NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']> = [];
    let runId: string | null | undefined = description.raw.workflowExecutionInfo?.firstRunId;
    while (runId) {
      const run: string = runId;
      const { events } = await inTime(() => workflow.getHandle(workflowId, run).fetchHistory());
      all.push(...(events ?? []));
      runId = events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
    }
    return all;
  }

  return { list, find, order, facts };
}
