import {
  ApplicationFailure,
  CancellationScope,
  continueAsNew,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { Command, Order } from '../domain/order/order.ts';
import { dispatch } from './dispatch.ts';
import {
  cancelSignal,
  cancelUpdate,
  changeStatusSignal,
  changeStatusUpdate,
  editSignal,
  editUpdate,
  getOrderQuery,
  type OrderRunOptions,
  type Start,
  searchAttributesOf,
} from './messages/definitions.ts';
import { currentDetails } from './messages/describe.ts';
import { type Malformed, parseCancelMessage, parseEditMessage, parseStatusMessage } from './messages/parse.ts';
import { onSignal } from './on-signal.ts';
import { OrderState } from './order-state.ts';

/**
 * Runs one order until it is delivered or cancelled, and returns it.
 *
 * @param runOptions absent on orders started by older versions
 */
export async function order(start: Start, runOptions: OrderRunOptions = { events: 4_000 }): Promise<Order> {
  const state = new OrderState(start, runOptions, (before, after) => show(before, after, runOptions));
  handleMessages(state, runOptions);
  setCurrentDetails(currentDetails(state.order));
  if (!runOptions.announces && state.order.version > 1) upsertSearchAttributes(searchAttributesOf(state.order));
  await CancellationScope.nonCancellable(async () => {
    await dispatch(state, runOptions);
    if (!state.isDone) await continueAsNew<typeof order>(state.carry(), runOptions);
  });
  return state.order;
}

/** The changes to an order, each of which is an update and a signal. */
const changes = [
  {
    update: changeStatusUpdate,
    signal: changeStatusSignal,
    parse: parseStatusMessage,
    description: 'Move the order: {"status": "preparation" | "ready" | "delivered" | "waiting", "reason"?}',
  },
  {
    update: cancelUpdate,
    signal: cancelSignal,
    parse: parseCancelMessage,
    description: 'Cancel the order: {"reasonCode"?, "reason"?}',
  },
  {
    update: editUpdate,
    signal: editSignal,
    parse: parseEditMessage,
    description: 'Change a waiting order: {"lines"?: [{"id", "quantity"}, …], "location"?, "note"?}',
  },
];

/** Sets the handlers of the query, the updates and the signals. A refused update fails; a refused signal appears on the timeline. */
function handleMessages(state: OrderState, runOptions: OrderRunOptions): void {
  setHandler(getOrderQuery, () => state.order, { description: 'The order as it is now' });
  const parseOptions = { ...runOptions, isStrict: runOptions.signingKey !== undefined };
  // Set the handlers of updates before those of signals, because waiting messages are delivered in the order of their handlers.
  for (const { update, parse, description } of changes) {
    const decide = (message: unknown) => acceptedOrThrow(state.decide(parse(message, parseOptions)));
    setHandler(update, (message: unknown) => state.apply(decide(message)), { validator: decide, description });
  }
  for (const { signal, parse } of changes) {
    onSignal(
      signal,
      (message) => applyOrReject(parse(message, parseOptions)),
      'Same as the update. A refusal appears on the timeline.',
    );
  }
  // A cancellation in Temporal is handled as a cancel message, so the order may refuse it, and deliveries continue.
  CancellationScope.current().cancelRequested.catch(() =>
    applyOrReject(parseCancelMessage({ reasonCode: 'other', reason: 'Cancelled in Temporal' })),
  );

  function applyOrReject(message: Command | Malformed): void {
    const decision = state.decide(message);
    if ('refused' in decision) state.reject(message, decision);
    else state.apply(decision);
  }
}

/** @throws {ApplicationFailure} for a refusal. Any other error would fail the workflow task, which Temporal retries forever. */
function acceptedOrThrow(decision: ReturnType<OrderState['decide']>) {
  if (!('refused' in decision)) return decision;
  throw ApplicationFailure.create({
    type: decision.refused,
    message: 'detail' in decision ? decision.detail : `Refused: ${decision.refused}`,
    details: [decision],
    nonRetryable: true,
  });
}

/** Shows a change of the order in the Temporal Web UI. */
function show(before: Order, order: Order, { announces }: OrderRunOptions): void {
  setCurrentDetails(currentDetails(order));
  const all = searchAttributesOf(order);
  const former = searchAttributesOf(before);
  const changed = all.filter(({ value }, index) => value !== former[index]?.value);
  // A change without a command could get another time in a replay, which merges such tasks with the next one (ADR 9). Orders
  // started by older versions set all attributes, after each change of the version.
  if (announces) upsertSearchAttributes(changed.length > 0 ? changed : all);
  else if (order.version > 1) upsertSearchAttributes(all);
}
