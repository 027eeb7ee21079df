import {
  isGrpcServiceError,
  ServiceError,
  type WorkflowClient,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { Refusal } from '../../domain/order/decision.ts';
import type { Edit, Fact, Order, Placement } from '../../domain/order/order.ts';
import {
  cancelUpdate,
  changeStatusUpdate,
  editUpdate,
  getOrderQuery,
  type Outcome,
  orderWorkflowType,
  type Start,
  workflowIdOf,
} from '../../workflows/messages/definitions.ts';
import { factsIn } from '../../workflows/messages/history.ts';
import type { Attribution, CancelMessage, StatusMessage } from '../../workflows/messages/parse.ts';
import { startOptionsOf } from '../../workflows/messages/start-options.ts';
import { createDecode } from '../../workflows/payloads/data-converter.ts';
import { byDeadline } from '../deadline.ts';

/** A change that the order's workflow is asked for. */
export type Change =
  | ({ update: 'changeStatus' } & Pick<StatusMessage, 'status' | 'reason'>)
  | ({ update: 'cancel' } & Pick<CancelMessage, 'reasonCode' | 'reason'>)
  | ({ update: 'edit' } & Edit);

/** What the workflow answered instead of a fact. `closed`: it is final, or not there. */
export type ChangeRefusal = Refusal | { refused: 'idempotency_key_reused' } | { refused: 'closed' };

/** It may or may not have happened, or it has and cannot be shown yet: Temporal or Postgres was too slow, or is away. */
export class OutcomeUnknown extends Error {
  override name = 'OutcomeUnknown';
}

/** What Temporal keeps of an order's present run: needs no worker to read. */
export interface OrderHistory {
  placement: Placement;
  /** By version. */
  facts: Fact[];
  /** Nobody has asked for any change yet: the order is as it was placed. */
  untouched: boolean;
}

/** The one place that calls Temporal. Every call takes the deadline of its request, in ms since the epoch. */
export interface OrderWorkflows {
  /** Starts an order's workflow: the moment the order is durable. @throws {OutcomeUnknown} */
  start(placement: Placement, deadline: number): Promise<'started' | 'exists'>;
  /** Asks for a change and waits for its fact. @throws {OutcomeUnknown} */
  change(orderId: string, change: Change, attribution: Attribution, deadline: number): Promise<Outcome | ChangeRefusal>;
  /** Passes a change on without waiting for its outcome; false when there is no open workflow. @throws {OutcomeUnknown} */
  send(orderId: string, change: Change, attribution: Attribution, deadline: number): Promise<boolean>;
  /** @throws {OutcomeUnknown} */
  historyOf(orderId: string, deadline: number): Promise<OrderHistory | undefined>;
  /** The order as its workflow holds it. @throws {OutcomeUnknown} */
  current(orderId: string, deadline: number): Promise<Order | undefined>;
  /** Whether Temporal answers. */
  ping(deadline: number): Promise<void>;
}

const updates = { changeStatus: changeStatusUpdate, cancel: cancelUpdate, edit: editUpdate };

/** What may stand in a history before anyone has asked for anything. */
const CHANGES = [
  'workflowExecutionUpdateAcceptedEventAttributes',
  'workflowExecutionSignaledEventAttributes',
  'workflowExecutionCancelRequestedEventAttributes',
  'workflowExecutionTerminatedEventAttributes',
] as const;

export function createOrderWorkflows(client: WorkflowClient, taskQueue: string): OrderWorkflows {
  const decode = createDecode(client.options.loadedDataConverter);
  const handleOf = (orderId: string) => client.getHandle(workflowIdOf(orderId));

  async function start(placement: Placement, deadline: number): Promise<'started' | 'exists'> {
    try {
      await inTime(deadline, () =>
        client.start(orderWorkflowType, {
          ...startOptionsOf(placement),
          taskQueue,
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
        }),
      );
      return 'started';
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return 'exists';
      throw error;
    }
  }

  async function change(
    orderId: string,
    change: Change,
    attribution: Attribution,
    deadline: number,
  ): Promise<Outcome | ChangeRefusal> {
    const { update, ...message } = change;
    try {
      const args: [Attribution] = [{ ...message, ...attribution }];
      return await inTime(deadline, () =>
        handleOf(orderId).executeUpdate<Outcome, [Attribution]>(updates[update].name, { args }),
      );
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return { refused: 'closed' };
      const refusal = error instanceof WorkflowUpdateFailedError && refusalIn(error.cause);
      if (refusal) return refusal;
      throw error;
    }
  }

  async function send(orderId: string, change: Change, attribution: Attribution, deadline: number): Promise<boolean> {
    const { update, ...message } = change;
    try {
      await inTime(deadline, () => handleOf(orderId).signal(update, { ...message, ...attribution }));
      return true;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    }
  }

  async function historyOf(orderId: string, deadline: number): Promise<OrderHistory | undefined> {
    try {
      const history = await inTime(deadline, () => handleOf(orderId).fetchHistory());
      const events = history.events ?? [];
      const input = events[0]?.workflowExecutionStartedEventAttributes?.input?.payloads;
      if (!input?.length) return undefined;
      const { carried, ...placement } = await decode<Start>(input);
      const untouched = !carried && !events.some((event) => CHANGES.some((kind) => event[kind]));
      const facts = await factsIn(events, decode);
      return { placement, facts, untouched };
    } catch (error) {
      if (isNoSuchWorkflow(error)) return undefined;
      throw error;
    }
  }

  async function current(orderId: string, deadline: number): Promise<Order | undefined> {
    try {
      return await inTime(deadline, () => handleOf(orderId).query(getOrderQuery));
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    }
  }

  async function ping(deadline: number): Promise<void> {
    await inTime(deadline, () => client.workflowService.getSystemInfo({}));
  }

  /** The SDK's deadline ends each of its calls; ours also ends its own loop of retries around them. */
  async function inTime<T>(deadline: number, call: () => Promise<T>): Promise<T> {
    try {
      const answer = await byDeadline(
        deadline,
        client.withDeadline(deadline, async () => ({ value: await call() })),
      );
      if (!answer) throw new OutcomeUnknown('Temporal did not answer in time');
      return answer.value;
    } catch (error) {
      throw isSilence(error) ? new OutcomeUnknown('Temporal cannot be reached', { cause: error }) : error;
    }
  }

  return { start, change, send, historyOf, current, ping };
}

function refusalIn(cause: unknown): ChangeRefusal | undefined {
  if (!(cause instanceof ApplicationFailure)) return undefined;
  return cause.details?.[0] as ChangeRefusal | undefined;
}

const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;

/** Of a history the SDK hands on what gRPC says; a namespace that is not there is another matter. */
const isNoSuchWorkflow = (error: unknown): boolean =>
  isGrpcServiceError(error) && error.code === NOT_FOUND && !/namespace/i.test(error.details);

function isSilence(error: unknown): boolean {
  if (isNoSuchWorkflow(error)) return false;
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return true;
  const cause = error instanceof ServiceError ? error.cause : error;
  // What Temporal calls malformed will never happen, however often it is sent: a bug of ours.
  return isGrpcServiceError(cause) && cause.code !== INVALID_ARGUMENT;
}
