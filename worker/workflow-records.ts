import { type Client, isGrpcServiceError, ServiceError, type WorkflowHandle } from '@temporalio/client';
import proto from '@temporalio/proto';
import type { WorkflowRecords } from '../activities/reconcile-orders.ts';
import { orderWorkflowType, workflowIdOf } from '../workflows/messages/definitions.ts';
import { decidedIn, runsOf } from '../workflows/messages/history.ts';
import { createDecode } from '../workflows/payloads/data-converter.ts';

/** The timeout of one call to Temporal, in ms. */
const CALL_TIMEOUT_MS = 5_000;

/** The number of events in one page of a history. It is small, because an event may have 500 KB. */
const EVENTS_PER_PAGE = 20;

type Events = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>;

const [DEADLINE_EXCEEDED, NOT_FOUND, UNAVAILABLE] = [4, 5, 14];

/** Reads the workflows of a shop's orders from Temporal. It does not need a running worker. */
export function createWorkflowRecords({ workflow }: Client, taskQueue: string): WorkflowRecords {
  const { workflowService } = workflow;
  const { namespace, loadedDataConverter } = workflow.options;
  const decode = createDecode(loadedDataConverter);
  // Excludes the orders of other shops, which use other task queues, and earlier runs (ContinuedAsNew), which are read together
  // with the latest run.
  const query = `WorkflowType = '${orderWorkflowType}' AND TaskQueue = '${taskQueue}' AND ExecutionStatus != 'ContinuedAsNew'`;

  const withDeadline = <T>(call: () => Promise<T>): Promise<T> =>
    workflow.withDeadline(Date.now() + CALL_TIMEOUT_MS, call);
  const ifFound = <T>(call: () => Promise<T>): Promise<T | undefined> =>
    withDeadline(call).catch((error) => {
      if (codeOf(error) === NOT_FOUND) return undefined;
      throw error;
    });

  async function readRun(workflowId: string, runId: string, onProgress: () => void): Promise<Events> {
    const events: Events = [];
    let nextPageToken: Uint8Array | undefined;
    do {
      const request = {
        namespace,
        execution: { workflowId, runId },
        maximumPageSize: EVENTS_PER_PAGE,
        nextPageToken,
      };
      const page = await ifFound(() => workflowService.getWorkflowExecutionHistory(request));
      events.push(...(page?.history?.events ?? []));
      nextPageToken = page?.nextPageToken;
      onProgress();
    } while (nextPageToken?.length);
    return events;
  }

  return {
    async page(after, pageSize) {
      const nextPageToken = Buffer.from(after, 'base64');
      const { executions, nextPageToken: next } = await withDeadline(() =>
        workflowService.listWorkflowExecutions({ namespace, query, pageSize, nextPageToken }),
      );
      const orderIds = executions.map(({ execution }) => execution?.workflowId?.slice(workflowIdOf('').length) ?? '');
      return { orderIds, next: Buffer.from(next).toString('base64') };
    },

    async exists(orderId) {
      const execution = { workflowId: workflowIdOf(orderId) };
      return !!(await ifFound(() => workflowService.describeWorkflowExecution({ namespace, execution })));
    },

    async find(orderId, onProgress) {
      const runs = await runsOf((runId = '') => readRun(workflowIdOf(orderId), runId, onProgress));
      const latest = runs.at(-1);
      if (!latest) return undefined;
      const decided = await decidedIn(runs.flat(), decode);
      return { ...decided, ended: endOf(latest), reset: runs.flat().some(isReset), failing: failureOf(latest) };
    },

    async isOutage(error) {
      if (![DEADLINE_EXCEEDED, UNAVAILABLE].includes(codeOf(error) ?? 0)) return false;
      // A request for one large order may time out while Temporal is available.
      return withDeadline(() => workflowService.getSystemInfo({})).then(
        () => false,
        () => true,
      );
    },
  };
}

/** Returns how a workflow ended if it did not return. */
function endOf(events: Events): string | undefined {
  const last = events.at(-1);
  if (last?.workflowExecutionTerminatedEventAttributes) return 'terminated';
  if (last?.workflowExecutionFailedEventAttributes) return 'failed';
  if (last?.workflowExecutionTimedOutEventAttributes) return 'timed out';
  return last?.workflowExecutionCanceledEventAttributes ? 'cancelled by Temporal' : undefined;
}

const { WorkflowTaskFailedCause } = proto.temporal.api.enums.v1;

const isReset = ({ workflowTaskFailedEventAttributes: failed }: Events[number]): boolean =>
  failed?.cause === WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW;

/** Returns why the current workflow task fails. Of the task's failed attempts, the history contains only the first. */
function failureOf(events: Events): string | undefined {
  const last = events.findLast(
    (event) => event.workflowTaskCompletedEventAttributes ?? event.workflowTaskFailedEventAttributes,
  );
  const cause = last?.workflowTaskFailedEventAttributes?.cause;
  if (!last || !cause || isReset(last)) return undefined;
  // Not a fault: Temporal repeats a task if a message arrives while the task runs.
  if (cause === WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND) return undefined;
  return WorkflowTaskFailedCause[cause]?.replace('WORKFLOW_TASK_FAILED_CAUSE_', '');
}

/** Returns the gRPC status of an error. Only some calls of the SDK wrap the error. */
function codeOf(error: unknown): number | undefined {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) ? cause.code : undefined;
}
