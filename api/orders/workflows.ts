import {
  type WorkflowClient,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { Refusal } from '../../domain/order/decision.ts';
import type { Edit, Fact, Order, Placement } from '../../domain/order/order.ts';
import {
  cancelUpdate,
  changeStatusUpdate,
  editUpdate,
  getOrderQuery,
  orderWorkflowType,
  resendIdOf,
  resendWorkflowType,
  type Start,
  type UpdateResult,
  workflowIdOf,
} from '../../workflows/messages/definitions.ts';
import { type Decided, decidedIn, factsIn, runsOf } from '../../workflows/messages/history.ts';
import {
  type Attribution,
  type CancelMessage,
  parseCancelMessage,
  parseEditMessage,
  parseStatusMessage,
  type StatusMessage,
} from '../../workflows/messages/parse.ts';
import { signatureOf } from '../../workflows/messages/signature.ts';
import { startOptionsOf } from '../../workflows/messages/start-options.ts';
import { createDecode } from '../../workflows/payloads/data-converter.ts';
import type { SigningKeys } from '../../workflows/payloads/signing-keys.ts';
import { createCallWithDeadline, isNoSuchWorkflow } from '../http/deadline.ts';

/** A change that is sent to the workflow of an order. */
export type Change =
  | ({ update: 'changeStatus' } & Pick<StatusMessage, 'status' | 'reason'>)
  | ({ update: 'cancel' } & Pick<CancelMessage, 'reasonCode' | 'reason'>)
  | ({ update: 'edit' } & Edit);

/** Why a workflow rejected an update. */
type UpdateRefusal = Refusal | { refused: 'idempotency_key_reused' };

/** The history of an order's current run. Reading it needs no worker. */
export interface OrderHistory {
  placement: Placement;
  /** By version. */
  facts: Fact[];
  /** Whether the order is as it was placed: no change was ever requested. */
  untouched: boolean;
}

/** Calls the workflows of orders. Deadlines are in ms since the epoch; every function throws `OutcomeUnknownError` at its deadline. */
export interface OrderWorkflows {
  /** Starts the workflow of an order. From then on the order is durable. */
  start(placement: Placement, deadline: number): Promise<'started' | 'exists'>;
  /** Sends a change and waits for its result; undefined if the order has no open workflow. */
  change(
    orderId: string,
    change: Change,
    attribution: Attribution,
    deadline: number,
  ): Promise<UpdateResult | UpdateRefusal | undefined>;
  /** Sends a change without waiting for its result; `false` if the order has no open workflow. */
  send(orderId: string, change: Change, attribution: Attribution, deadline: number): Promise<boolean>;
  /** Returns undefined if this shop has no such order. */
  historyOf(orderId: string, deadline: number): Promise<OrderHistory | undefined>;
  /** Returns everything that all runs decided, as far as Temporal retains them. */
  decided(orderId: string, deadline: number): Promise<Decided | undefined>;
  /** Queries the workflow for its order. */
  current(orderId: string, deadline: number): Promise<Order | undefined>;
  /** Sends a delivery again. A second request while the first is running changes nothing. */
  resend(deliveryId: string, deadline: number): Promise<void>;
  /** Checks that Temporal is available. */
  ping(deadline: number): Promise<void>;
}

const parsers = { changeStatus: parseStatusMessage, cancel: parseCancelMessage, edit: parseEditMessage };
const updates = { changeStatus: changeStatusUpdate, cancel: cancelUpdate, edit: editUpdate };

/** History events of a workflow that was asked to change or end. */
const CHANGE_EVENTS = [
  'workflowExecutionUpdateAcceptedEventAttributes',
  'workflowExecutionSignaledEventAttributes',
  'workflowExecutionCancelRequestedEventAttributes',
  'workflowExecutionTerminatedEventAttributes',
] as const;

export function createOrderWorkflows(
  client: WorkflowClient,
  { taskQueue, signingKeys }: { taskQueue: string; signingKeys: SigningKeys },
): OrderWorkflows {
  const decode = createDecode(client.options.loadedDataConverter);
  const callWithDeadline = createCallWithDeadline(client);
  const handleOf = (orderId: string) => client.getHandle(workflowIdOf(orderId));

  /** Signs a message: the workflow accepts an actor only from the API. */
  function signed(orderId: string, update: Change['update'], message: Attribution): Attribution {
    const command = parsers[update](message, { isStrict: true, codePoints: true, visibleNames: true });
    if ('refused' in command) throw new TypeError(`${update} is malformed: ${command.detail}`);
    return { ...message, signatures: signingKeys(orderId).map((key) => signatureOf(key, command)) };
  }

  async function start(placement: Placement, deadline: number): Promise<'started' | 'exists'> {
    try {
      await callWithDeadline(deadline, () =>
        client.start(orderWorkflowType, {
          ...startOptionsOf(placement, signingKeys(placement.id)[0]),
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
  ): Promise<UpdateResult | UpdateRefusal | undefined> {
    const { update, ...message } = change;
    try {
      const args: [Attribution] = [signed(orderId, update, { ...message, ...attribution })];
      return await callWithDeadline(deadline, () =>
        handleOf(orderId).executeUpdate<UpdateResult, [Attribution]>(updates[update].name, { args }),
      );
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return undefined;
      const refusal = error instanceof WorkflowUpdateFailedError && refusalIn(error.cause);
      if (!refusal) throw error;
      return refusal;
    }
  }

  async function send(orderId: string, change: Change, attribution: Attribution, deadline: number): Promise<boolean> {
    const { update, ...message } = change;
    try {
      await callWithDeadline(deadline, () =>
        handleOf(orderId).signal(update, signed(orderId, update, { ...message, ...attribution })),
      );
      return true;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    }
  }

  async function historyOf(orderId: string, deadline: number): Promise<OrderHistory | undefined> {
    try {
      const history = await callWithDeadline(deadline, () => handleOf(orderId).fetchHistory());
      const events = history.events ?? [];
      const started = events[0]?.workflowExecutionStartedEventAttributes;
      const input = started?.input?.payloads;
      // The namespace may have orders of other shops.
      if (!input?.length || started?.taskQueue?.name !== taskQueue) return undefined;
      const { carried, ...placement } = await decode<Start>(input);
      const untouched = !carried && !events.some((event) => CHANGE_EVENTS.some((kind) => event[kind]));
      const facts = await factsIn(events, decode);
      return { placement, facts, untouched };
    } catch (error) {
      if (isNoSuchWorkflow(error)) return undefined;
      throw error;
    }
  }

  async function decided(orderId: string, deadline: number): Promise<Decided | undefined> {
    const runs = await runsOf((runId) =>
      callWithDeadline(deadline, () => client.getHandle(workflowIdOf(orderId), runId).fetchHistory()).then(
        (history) => history.events ?? [],
        (error: unknown) => {
          if (isNoSuchWorkflow(error)) return [];
          throw error;
        },
      ),
    );
    return runs.length > 0 ? decidedIn(runs.flat(), decode) : undefined;
  }

  async function current(orderId: string, deadline: number): Promise<Order | undefined> {
    try {
      return await callWithDeadline(deadline, () => handleOf(orderId).query(getOrderQuery));
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    }
  }

  async function resend(deliveryId: string, deadline: number): Promise<void> {
    await callWithDeadline(deadline, () =>
      client.start(resendWorkflowType, {
        workflowId: resendIdOf(deliveryId),
        taskQueue,
        args: [deliveryId],
        staticSummary: 'Resend of an email',
        workflowIdConflictPolicy: 'USE_EXISTING',
      }),
    );
  }

  async function ping(deadline: number): Promise<void> {
    await callWithDeadline(deadline, () => client.workflowService.getSystemInfo({}));
  }

  return { start, change, send, historyOf, decided, current, resend, ping };
}

function refusalIn(cause: unknown): UpdateRefusal | undefined {
  if (!(cause instanceof ApplicationFailure)) return undefined;
  return cause.details?.[0] as UpdateRefusal | undefined;
}
