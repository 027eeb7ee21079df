import {
  type WorkflowClient,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { Edit, Fact, KeyReused, Order, Placement, Refusal } from '../../domain/order/order.ts';
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

/** The history of an order's latest run. Unlike a query, reading the history needs no worker. */
export interface OrderHistory {
  placement: Placement;
  /** All facts, sorted by version. */
  facts: Fact[];
  /** Whether no change was requested since the order was placed. */
  untouched: boolean;
}

const parsers = { changeStatus: parseStatusMessage, cancel: parseCancelMessage, edit: parseEditMessage };
const updates = { changeStatus: changeStatusUpdate, cancel: cancelUpdate, edit: editUpdate };

/** The types of history events that request a change or the end of a workflow. */
const CHANGE_EVENTS = [
  'workflowExecutionUpdateAcceptedEventAttributes',
  'workflowExecutionSignaledEventAttributes',
  'workflowExecutionCancelRequestedEventAttributes',
  'workflowExecutionTerminatedEventAttributes',
] as const;

/** Calls the workflows of orders. Each function throws `OutcomeUnknownError` at its deadline, in ms since the epoch. */
export function createOrderWorkflows(
  client: WorkflowClient,
  { taskQueue, signingKeys }: { taskQueue: string; signingKeys: SigningKeys },
) {
  const decode = createDecode(client.options.loadedDataConverter);
  const callWithDeadline = createCallWithDeadline(client);
  const handleOf = (orderId: string, runId?: string) => client.getHandle(workflowIdOf(orderId), runId);

  /** Returns the history events of a run, by default the latest run; empty if there is no such workflow. */
  const eventsOf = (orderId: string, deadline: number, runId?: string) =>
    callWithDeadline(deadline, () => handleOf(orderId, runId).fetchHistory()).then(
      ({ events }) => events ?? [],
      (error: unknown) => {
        if (isNoSuchWorkflow(error)) return [];
        throw error;
      },
    );

  return {
    /** Starts the workflow of an order. From then on the order is durable. */
    async start(placement: Placement, deadline: number): Promise<'started' | 'exists'> {
      const options = startOptionsOf(placement, signingKeys(placement.id)[0]);
      try {
        await callWithDeadline(deadline, () =>
          client.start(orderWorkflowType, { ...options, taskQueue, workflowIdReusePolicy: 'REJECT_DUPLICATE' }),
        );
        return 'started';
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError) return 'exists';
        throw error;
      }
    },

    /** Sends a change and waits for its result; undefined if the order has no open workflow. */
    async change(
      orderId: string,
      change: Change,
      attribution: Attribution,
      deadline: number,
    ): Promise<UpdateResult | Refusal | KeyReused | undefined> {
      const args: [Attribution] = [signedMessage(signingKeys(orderId), change, attribution)];
      const { name } = updates[change.update];
      const update = callWithDeadline(deadline, () =>
        handleOf(orderId).executeUpdate<UpdateResult, [Attribution]>(name, { args }),
      );
      return ifOpen(update.catch(refusalOf));
    },

    /** Sends a change without waiting for its result; `false` if the order has no open workflow. */
    async send(orderId: string, change: Change, attribution: Attribution, deadline: number): Promise<boolean> {
      const message = signedMessage(signingKeys(orderId), change, attribution);
      const signal = callWithDeadline(deadline, () => handleOf(orderId).signal(change.update, message));
      return (await ifOpen(signal.then(() => true))) ?? false;
    },

    /** Returns the history of an order; undefined if this shop has no such order. */
    async historyOf(orderId: string, deadline: number): Promise<OrderHistory | undefined> {
      const events = await eventsOf(orderId, deadline);
      const started = events[0]?.workflowExecutionStartedEventAttributes;
      const input = started?.input?.payloads;
      // The namespace may have orders of other shops, which have other task queues.
      if (!input?.length || started?.taskQueue?.name !== taskQueue) return undefined;
      const { carried, ...placement } = await decode<Start>(input);
      const untouched = !carried && !events.some((event) => CHANGE_EVENTS.some((kind) => event[kind]));
      return { placement, facts: await factsIn(events, decode), untouched };
    },

    /** Returns the decisions of all runs that Temporal still retains; undefined if it retains no run. */
    async decided(orderId: string, deadline: number): Promise<Decided | undefined> {
      const runs = await runsOf((runId) => eventsOf(orderId, deadline, runId));
      return runs.length > 0 ? decidedIn(runs.flat(), decode) : undefined;
    },

    /** Queries the workflow for its order. */
    current: (orderId: string, deadline: number): Promise<Order | undefined> =>
      ifOpen(callWithDeadline(deadline, () => handleOf(orderId).query(getOrderQuery))),

    /** Sends an email again. A second request has no effect while the workflow of the first is running. */
    async resend(deliveryId: string, deadline: number): Promise<void> {
      await callWithDeadline(deadline, () =>
        client.start(resendWorkflowType, {
          workflowId: resendIdOf(deliveryId),
          taskQueue,
          args: [deliveryId],
          staticSummary: 'Resend of an email',
          workflowIdConflictPolicy: 'USE_EXISTING',
        }),
      );
    },

    /** Checks that Temporal is available. */
    async ping(deadline: number): Promise<void> {
      await callWithDeadline(deadline, () => client.workflowService.getSystemInfo({}));
    },
  };
}

export type OrderWorkflows = ReturnType<typeof createOrderWorkflows>;

/** Signs a message. Without a valid signature, the workflow does not accept the actor that the message names. */
function signedMessage(keys: string[], { update, ...change }: Change, attribution: Attribution): Attribution {
  const message = { ...change, ...attribution };
  const command = parsers[update](message, { isStrict: true, codePoints: true, visibleNames: true });
  if ('refused' in command) throw new TypeError(`${update} is malformed: ${command.detail}`);
  return { ...message, signatures: keys.map((key) => signatureOf(key, command)) };
}

/** Returns undefined if the order has no open workflow. */
const ifOpen = <T>(call: Promise<T>): Promise<T | undefined> =>
  call.catch((error: unknown) => {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  });

/** Returns the refusal with which a workflow rejected an update. @throws every other error */
function refusalOf(error: unknown): Refusal | KeyReused {
  const cause = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
  const refusal = cause instanceof ApplicationFailure ? cause.details?.[0] : undefined;
  if (!refusal) throw error;
  return refusal as Refusal | KeyReused;
}
