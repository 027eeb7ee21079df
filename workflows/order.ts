import {
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { Command, Order, Placement } from '../domain/order/order.ts';
import { type Malformed, parseCancelMessage, parseStatusMessage } from '../domain/order/parse-message.ts';
import { currentDetails } from '../domain/order/summary.ts';
import { drainEmail, drainJournal, drainRedis } from './channels.ts';
import {
  cancelSignal,
  cancelUpdate,
  changeStatusSignal,
  changeStatusUpdate,
  getOrderQuery,
  type Outcome,
  searchAttributes,
} from './messages.ts';
import { onSignal } from './on-signal.ts';
import { openBook } from './order-book.ts';

/** One order, from the counter to the customer's hand. Ends with the order as it ended. */
export async function order(placement: Placement): Promise<Order> {
  const book = openBook(placement, () => new Date().toISOString(), show);

  setHandler(getOrderQuery, () => book.order, { description: 'The order as it is now' });

  setHandler(changeStatusUpdate, (message) => perform(parseStatusMessage(message)), {
    validator: (message) => mustAllow(parseStatusMessage(message)),
    description: 'Move the order: {"status": "preparation" | "ready" | "delivered" | "waiting", "reason"?}',
  });
  setHandler(cancelUpdate, (message) => perform(parseCancelMessage(message)), {
    validator: (message) => mustAllow(parseCancelMessage(message)),
    description: 'Cancel the order: {"reasonCode"?, "reason"?}',
  });
  const asTheUpdate = 'As the update; a refusal shows on the timeline';
  onSignal(changeStatusSignal, (message) => applyOrReject(parseStatusMessage(message)), asTheUpdate);
  onSignal(cancelSignal, (message) => applyOrReject(parseCancelMessage(message)), asTheUpdate);

  // An operator's Cancel is a command like any other: it may be refused, and it never cuts a delivery.
  CancellationScope.current().cancelRequested.catch(() =>
    applyOrReject(parseCancelMessage({ reasonCode: 'other', reason: 'Cancelled in Temporal' })),
  );

  show(book.order);
  await CancellationScope.nonCancellable(async () => {
    do {
      await Promise.all([drainJournal(book), drainRedis(book), drainEmail(book)]);
    } while (!book.told);
    await condition(() => book.final && allHandlersFinished());
  });
  return book.order;

  function mustAllow(command: Command | Malformed): asserts command is Command {
    const rejected = book.refusalOf(command);
    if (!rejected) return;
    // Not a plain Error: that would fail the workflow's task, which is then retried for ever.
    throw ApplicationFailure.create({
      type: rejected.refused,
      message: 'detail' in rejected ? rejected.detail : `Refused: ${rejected.refused}`,
      details: [rejected],
      nonRetryable: true,
    });
  }

  function perform(command: Command | Malformed): Outcome {
    mustAllow(command);
    return book.apply(command);
  }

  function applyOrReject(command: Command | Malformed): void {
    const rejected = book.refusalOf(command);
    if (rejected) book.reject(command, rejected);
    else book.apply(command as Command);
  }
}

/** What an operator sees of an order in the Temporal Web UI (design §8). */
function show(order: Order): void {
  setCurrentDetails(currentDetails(order));
  if (order.version > 1) upsertSearchAttributes([{ key: searchAttributes.status, value: order.status }]);
}
