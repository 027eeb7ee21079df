import {
  isGrpcServiceError,
  ServiceError,
  type WorkflowClient,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure, type SearchAttributePair } from '@temporalio/common';
import { toMajorUnits } from '../../domain/money.ts';
import type { Refusal } from '../../domain/order/decision.ts';
import type { Edit, Order, Placement } from '../../domain/order/order.ts';
import type { Attribution, CancelMessage, StatusMessage } from '../../domain/order/parse-message.ts';
import { details, summary } from '../../domain/order/summary.ts';
import {
  cancelUpdate,
  changeStatusUpdate,
  editUpdate,
  getOrderQuery,
  type Outcome,
  orderWorkflowType,
  type Start,
  searchAttributes,
  workflowIdOf,
} from '../../workflows/messages.ts';

/** A change that the order's workflow is asked for. */
export type Change =
  | ({ update: 'changeStatus' } & Pick<StatusMessage, 'status' | 'reason'>)
  | ({ update: 'cancel' } & Pick<CancelMessage, 'reasonCode' | 'reason'>)
  | ({ update: 'edit' } & Edit);

/** What the workflow answered instead of a fact. `closed`: it is final, or not there. */
export type ChangeRefusal = Refusal | { refused: 'idempotency_key_reused' } | { refused: 'closed' };

/** Temporal did not answer in time or cannot be reached: what was asked for may or may not happen. */
export class TemporalSilent extends Error {
  override name = 'TemporalSilent';
}

/** The one place that calls Temporal. Every call has a deadline. */
export interface OrderWorkflows {
  /** Starts an order's workflow: the moment the order is durable. @throws {TemporalSilent} */
  start(placement: Placement): Promise<'started' | 'exists'>;
  /** Asks for a change and waits for its fact. @throws {TemporalSilent} */
  change(orderId: string, change: Change, attribution: Attribution): Promise<Outcome | ChangeRefusal>;
  /** Passes a change on without waiting for its outcome; false when there is no open workflow. @throws {TemporalSilent} */
  send(orderId: string, change: Change, attribution: Attribution): Promise<boolean>;
  /** What an order was placed with, read from its history: needs no worker. @throws {TemporalSilent} */
  placementOf(orderId: string): Promise<{ placement: Placement; untouched: boolean } | undefined>;
  /** The order as its workflow holds it. @throws {TemporalSilent} */
  current(orderId: string): Promise<Order | undefined>;
  /** Whether Temporal answers. */
  ping(): Promise<void>;
}

const updates = { changeStatus: changeStatusUpdate, cancel: cancelUpdate, edit: editUpdate };

/** How long Temporal may take, in ms (design §3). */
const DEADLINE_MS = 3_000;

/** What may stand in a history before anyone has asked for anything. */
const CHANGES = [
  'workflowExecutionUpdateAcceptedEventAttributes',
  'workflowExecutionSignaledEventAttributes',
  'workflowExecutionCancelRequestedEventAttributes',
  'workflowExecutionTerminatedEventAttributes',
] as const;

export function createOrderWorkflows(client: WorkflowClient, taskQueue: string): OrderWorkflows {
  const handleOf = (orderId: string) => client.getHandle(workflowIdOf(orderId));

  async function start(placement: Placement): Promise<'started' | 'exists'> {
    try {
      await inTime(() =>
        client.start(orderWorkflowType, {
          workflowId: workflowIdOf(placement.id),
          taskQueue,
          args: [placement],
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
          // A dead worker's task is another's after this long (10 s by default).
          workflowTaskTimeout: '4s',
          staticSummary: summary(placement),
          staticDetails: details(placement),
          typedSearchAttributes: searchAttributesOf(placement),
        }),
      );
      return 'started';
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return 'exists';
      throw error;
    }
  }

  async function change(orderId: string, change: Change, attribution: Attribution): Promise<Outcome | ChangeRefusal> {
    const { update, ...message } = change;
    try {
      const args: [Attribution] = [{ ...message, ...attribution }];
      return await inTime(() =>
        handleOf(orderId).executeUpdate<Outcome, [Attribution]>(updates[update].name, { args }),
      );
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return { refused: 'closed' };
      const refusal = error instanceof WorkflowUpdateFailedError && refusalIn(error.cause);
      if (refusal) return refusal;
      throw error;
    }
  }

  async function send(orderId: string, change: Change, attribution: Attribution): Promise<boolean> {
    const { update, ...message } = change;
    try {
      await inTime(() => handleOf(orderId).signal(update, { ...message, ...attribution }));
      return true;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    }
  }

  async function placementOf(orderId: string): Promise<{ placement: Placement; untouched: boolean } | undefined> {
    try {
      const history = await inTime(() => handleOf(orderId).fetchHistory());
      const events = history.events ?? [];
      const input = events[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
      if (!input) return undefined;
      const { carried, ...placement } = client.options.loadedDataConverter.payloadConverter.fromPayload<Start>(input);
      return { placement, untouched: !carried && !events.some((event) => CHANGES.some((kind) => event[kind])) };
    } catch (error) {
      if (isNoSuchWorkflow(error)) return undefined;
      throw error;
    }
  }

  async function current(orderId: string): Promise<Order | undefined> {
    try {
      return await inTime(() => handleOf(orderId).query(getOrderQuery));
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    }
  }

  async function ping(): Promise<void> {
    await inTime(() => client.workflowService.getSystemInfo({}));
  }

  /** The SDK's deadline ends each of its calls; the race also ends its own loop of retries around them. */
  async function inTime<T>(call: () => Promise<T>): Promise<T> {
    const deadline = Date.now() + DEADLINE_MS;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new TemporalSilent(`No answer from Temporal in ${DEADLINE_MS} ms`)), DEADLINE_MS);
    });
    try {
      return await Promise.race([client.withDeadline(deadline, call), late]);
    } catch (error) {
      throw isSilence(error) ? new TemporalSilent('Temporal cannot be reached', { cause: error }) : error;
    } finally {
      clearTimeout(timer);
    }
  }

  return { start, change, send, placementOf, current, ping };
}

function searchAttributesOf({ number, customer, total, location }: Placement): SearchAttributePair[] {
  return [
    { key: searchAttributes.status, value: 'waiting' },
    { key: searchAttributes.number, value: number },
    { key: searchAttributes.customerId, value: customer.id },
    { key: searchAttributes.total, value: toMajorUnits(total) },
    { key: searchAttributes.location, value: location },
  ] as SearchAttributePair[];
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
