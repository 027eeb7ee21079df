import { type Client, isGrpcServiceError, ServiceError, type WorkflowHandle } from '@temporalio/client';
import proto from '@temporalio/proto';
import type { WorkflowRecords } from '../activities/reconcile-orders.ts';
import { orderWorkflowType, workflowIdOf } from '../workflows/messages/definitions.ts';
import { decidedIn, runsOf } from '../workflows/messages/history.ts';
import { createDecode } from '../workflows/payloads/data-converter.ts';

/** How long Temporal may take for one call, in ms. */
const DEADLINE_MS = 5_000;

/** Events of a history that are asked for at once: one may carry 500 KB. Temporal adds what was written together with the last. */
const EVENTS = 20;

/**
 * The orders of one shop: other shops of the namespace have other task queues. Earlier runs of an order that went on in a new one
 * are read with that one.
 */
const ordersOf = (taskQueue: string): string =>
  `WorkflowType = '${orderWorkflowType}' AND TaskQueue = '${taskQueue}' AND ExecutionStatus != 'ContinuedAsNew'`;

/** How Temporal ends a workflow that does not end by itself. */
const ends = {
  workflowExecutionTerminatedEventAttributes: 'terminated',
  workflowExecutionFailedEventAttributes: 'failed',
  workflowExecutionTimedOutEventAttributes: 'timed out',
  workflowExecutionCanceledEventAttributes: 'cancelled by Temporal',
} as const;

type Events = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>;

const [DEADLINE_EXCEEDED, NOT_FOUND, UNAVAILABLE] = [4, 5, 14];

/** Reads what Temporal keeps of the orders' workflows, without any worker's help. */
export function createWorkflowRecords({ workflow }: Client, taskQueue: string): WorkflowRecords {
  const query = ordersOf(taskQueue);
  const prefix = workflowIdOf('');
  const { namespace, loadedDataConverter } = workflow.options;
  const decode = createDecode(loadedDataConverter);
  const inTime = <T>(call: () => Promise<T>): Promise<T> => workflow.withDeadline(Date.now() + DEADLINE_MS, call);
  const ifFound = <T>(call: () => Promise<T>): Promise<T | undefined> =>
    inTime(call).catch((error) => {
      if (codeOf(error) === NOT_FOUND) return undefined;
      throw error;
    });

  const page: WorkflowRecords['page'] = async (after, pageSize) => {
    const nextPageToken = Buffer.from(after, 'base64');
    const { executions, nextPageToken: next } = await inTime(() =>
      workflow.workflowService.listWorkflowExecutions({ namespace, query, pageSize, nextPageToken }),
    );
    const orderIds = executions.map(({ execution }) => execution?.workflowId?.slice(prefix.length) ?? '');
    return { orderIds, next: Buffer.from(next).toString('base64') };
  };

  const exists: WorkflowRecords['exists'] = async (orderId) => {
    const execution = { workflowId: workflowIdOf(orderId) };
    return !!(await ifFound(() => workflow.workflowService.describeWorkflowExecution({ namespace, execution })));
  };

  const find: WorkflowRecords['find'] = async (orderId, alive) => {
    const workflowId = workflowIdOf(orderId);
    const runs = await runsOf(async (runId = '') => {
      const execution = { workflowId, runId };
      const events: Events = [];
      let nextPageToken: Uint8Array | undefined;
      do {
        const request = { namespace, execution, maximumPageSize: EVENTS, nextPageToken };
        const answer = await ifFound(() => workflow.workflowService.getWorkflowExecutionHistory(request));
        events.push(...(answer?.history?.events ?? []));
        nextPageToken = answer?.nextPageToken;
        alive();
      } while (nextPageToken?.length);
      return events;
    });
    const latest = runs.at(-1);
    if (!latest) return undefined;
    const decided = await decidedIn(runs.flat(), decode);
    const last = latest.at(-1);
    const end = Object.entries(ends).find(([kind]) => last?.[kind as keyof typeof ends]);
    return { ...decided, ended: end?.[1], reset: runs.flat().some(isReset), failing: failureOf(latest) };
  };

  const isAway: WorkflowRecords['isAway'] = async (error) => {
    if (![DEADLINE_EXCEEDED, UNAVAILABLE].includes(codeOf(error) ?? 0)) return false;
    // It may be this one question that it cannot answer in time.
    return inTime(() => workflow.workflowService.getSystemInfo({})).then(
      () => false,
      () => true,
    );
  };

  return { page, exists, find, isAway };
}

const { WorkflowTaskFailedCause } = proto.temporal.api.enums.v1;

/** Temporal decided the task anew because something came in meanwhile. */
const PASSING = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND;

const isReset = ({ workflowTaskFailedEventAttributes: failed }: Events[number]): boolean =>
  failed?.cause === WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW;

/** Why the present workflow task fails. Only its first failure stands in the history. */
function failureOf(events: Events): string | undefined {
  const ends = events.filter(
    (event) => event.workflowTaskCompletedEventAttributes ?? event.workflowTaskFailedEventAttributes,
  );
  const last = ends.at(-1);
  if (!last || isReset(last)) return undefined;
  const cause = last.workflowTaskFailedEventAttributes?.cause;
  return cause && cause !== PASSING
    ? WorkflowTaskFailedCause[cause]?.replace('WORKFLOW_TASK_FAILED_CAUSE_', '')
    : undefined;
}

/** gRPC's word for what went wrong; the SDK wraps some errors of it and hands on others. */
function codeOf(error: unknown): number | undefined {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) ? cause.code : undefined;
}
