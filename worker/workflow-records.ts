import {
  type Client,
  type WorkflowExecutionStatusName,
  type WorkflowHandle,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { decodeFromPayloadsAtIndex } from '@temporalio/common/lib/internal-non-workflow/index.js';
import type { WorkflowRecord, WorkflowRecords } from '../activities/reconcile-orders.ts';
import { alertOf } from '../domain/order/alerts.ts';
import { open } from '../domain/order/decider.ts';
import type { JournalEntry } from '../domain/order/journal-entry.ts';
import type { Fact, Order } from '../domain/order/order.ts';
import { getOrderQuery, type Outcome, orderWorkflowType, type Start, workflowIdOf } from '../workflows/messages.ts';

type HistoryEvent = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>[number];

/** How long Temporal may take for one order, in ms: a query waits for a worker. */
const DEADLINE_MS = 10_000;

const states: Partial<Record<WorkflowExecutionStatusName, WorkflowRecord['state']>> = {
  RUNNING: 'open',
  COMPLETED: 'completed',
};

/** Reads what Temporal keeps of the orders' workflows, whatever run they are in. */
export function createWorkflowRecords({ workflow }: Client): WorkflowRecords {
  const prefix = workflowIdOf('');
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

  async function facts(orderId: string): Promise<Fact[]> {
    const found = new Map<string, Fact>();
    for await (const event of events(orderId)) for (const fact of await factsIn(event)) found.set(fact.event.id, fact);
    return [...found.values()].sort(inOrder);
  }

  /** The histories of all runs, the first one first. */
  async function* events(orderId: string): AsyncIterable<HistoryEvent> {
    const workflowId = workflowIdOf(orderId);
    const description = await inTime(() => workflow.getHandle(workflowId).describe());
    let runId: string | null | undefined = description.raw.workflowExecutionInfo?.firstRunId;
    while (runId) {
      const run: string = runId;
      const history = await inTime(() => workflow.getHandle(workflowId, run).fetchHistory());
      yield* history.events ?? [];
      runId = history.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
    }
  }

  /** A fact stands in the start, in an update's answer, and in what the journal was given; signals have only the last. */
  async function factsIn(event: HistoryEvent): Promise<Fact[]> {
    const converter = workflow.options.loadedDataConverter;
    const started = event.workflowExecutionStartedEventAttributes;
    if (started) {
      const start = await decodeFromPayloadsAtIndex<Start>(converter, 0, started.input?.payloads);
      return [open(start)];
    }
    const answered = event.workflowExecutionUpdateCompletedEventAttributes?.outcome?.success;
    if (answered) {
      const { event, order } = await decodeFromPayloadsAtIndex<Outcome>(converter, 0, answered.payloads);
      return event && order ? [{ event, order }] : [];
    }
    const scheduled = event.activityTaskScheduledEventAttributes;
    if (scheduled?.activityType?.name !== 'journal') return [];
    const entries = await decodeFromPayloadsAtIndex<JournalEntry[]>(converter, 0, scheduled.input?.payloads);
    return entries.filter((entry) => entry.kind === 'fact').map(({ event, order }) => ({ event, order }));
  }

  return { list, find, order, facts };
}

/** By version; an alert comes after the event whose version it shares. */
const inOrder = (one: Fact, other: Fact): number =>
  one.event.version - other.event.version || Number(!!alertOf(one.event)) - Number(!!alertOf(other.event));
