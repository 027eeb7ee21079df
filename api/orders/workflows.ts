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

/** A change that the order's workflow is asked for. */
export type Change =
  | ({ update: 'changeStatus' } & Pick<StatusMessage, 'status' | 'reason'>)
  | ({ update: 'cancel' } & Pick<CancelMessage, 'reasonCode' | 'reason'>)
  | ({ update: 'edit' } & Edit);

/** What the workflow answered instead of a fact. `closed`: it is final, or not there. */
export type ChangeRefusal = Refusal | { refused: 'idempotency_key_reused' } | { refused: 'closed' };

/** What Temporal keeps of an order's present run: needs no worker to read. */
export interface OrderHistory {
  placement: Placement;
  /** By version. */
  facts: Fact[];
  /** Nobody has asked for any change yet: the order is as it was placed. */
  untouched: boolean;
}

/** The one place that calls the orders' workflows. Every call takes the deadline of its request, in ms since the epoch. */
export interface OrderWorkflows {
  /** Starts an order's workflow: the moment the order is durable. @throws {OutcomeUnknown} */
  start(placement: Placement, deadline: number): Promise<'started' | 'exists'>;
  /** Asks for a change and waits for its fact. @throws {OutcomeUnknown} */
  change(
    orderId: string,
    change: Change,
    attribution: Attribution,
    deadline: number,
  ): Promise<UpdateResult | ChangeRefusal>;
  /** Passes a change on without waiting for its outcome; false when there is no open workflow. @throws {OutcomeUnknown} */
  send(orderId: string, change: Change, attribution: Attribution, deadline: number): Promise<boolean>;
  /** Returns undefined if there is no such order of this shop. @throws {OutcomeUnknown} */
  historyOf(orderId: string, deadline: number): Promise<OrderHistory | undefined>;
  /** All that it decided, over all of its runs that Temporal still keeps. @throws {OutcomeUnknown} */
  decided(orderId: string, deadline: number): Promise<Decided | undefined>;
  /** The order as its workflow holds it. @throws {OutcomeUnknown} */
  current(orderId: string, deadline: number): Promise<Order | undefined>;
  /** Sends a delivery of the ledger once more; while it is under way, a second request changes nothing. @throws {OutcomeUnknown} */
  resend(deliveryId: string, deadline: number): Promise<void>;
  /** Whether Temporal answers. */
  ping(deadline: number): Promise<void>;
}

const parsers = { changeStatus: parseStatusMessage, cancel: parseCancelMessage, edit: parseEditMessage };
const updates = { changeStatus: changeStatusUpdate, cancel: cancelUpdate, edit: editUpdate };

/** What may stand in a history before anyone has asked for anything. */
const CHANGES = [
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

  /** A message with signatures that it is ours. */
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
  ): Promise<UpdateResult | ChangeRefusal> {
    const { update, ...message } = change;
    try {
      const args: [Attribution] = [signed(orderId, update, { ...message, ...attribution })];
      return await callWithDeadline(deadline, () =>
        handleOf(orderId).executeUpdate<UpdateResult, [Attribution]>(updates[update].name, { args }),
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
      // Other shops may have their orders in the same namespace.
      if (!input?.length || started?.taskQueue?.name !== taskQueue) return undefined;
      const { carried, ...placement } = await decode<Start>(input);
      const untouched = !carried && !events.some((event) => CHANGES.some((kind) => event[kind]));
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
        staticSummary: 'An email once more',
        workflowIdConflictPolicy: 'USE_EXISTING',
      }),
    );
  }

  async function ping(deadline: number): Promise<void> {
    await callWithDeadline(deadline, () => client.workflowService.getSystemInfo({}));
  }

  return { start, change, send, historyOf, decided, current, resend, ping };
}

function refusalIn(cause: unknown): ChangeRefusal | undefined {
  if (!(cause instanceof ApplicationFailure)) return undefined;
  return cause.details?.[0] as ChangeRefusal | undefined;
}
