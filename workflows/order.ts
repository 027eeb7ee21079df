import {
  ApplicationFailure,
  CancellationScope,
  continueAsNew,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
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
  type UpdateResult,
} from './messages/definitions.ts';
import { currentDetails } from './messages/describe.ts';
import { type Malformed, parseCancelMessage, parseEditMessage, parseStatusMessage } from './messages/parse.ts';
import { onSignal } from './on-signal.ts';
import { type OrderBook, openBook } from './order-book.ts';

/**
 * One order, from the counter to the customer's hand. Ends with the order as it ended.
 *
 * @param ways none for orders from before there were several
 */
export async function order(start: Start, ways: OrderRunOptions = { events: 4_000 }): Promise<Order> {
  const { signingKey, codePoints, visibleNames } = ways;
  const options = { isStrict: signingKey !== undefined, codePoints, visibleNames, signingKey };
  const book = openBook(start, () => new Date().toISOString(), show);

  setHandler(getOrderQuery, () => book.order, { description: 'The order as it is now' });

  setHandler(changeStatusUpdate, (message) => perform(parseStatusMessage(message, options)), {
    validator: (message) => mustAllow(parseStatusMessage(message, options)),
    description: 'Move the order: {"status": "preparation" | "ready" | "delivered" | "waiting", "reason"?}',
  });
  setHandler(cancelUpdate, (message) => perform(parseCancelMessage(message, options)), {
    validator: (message) => mustAllow(parseCancelMessage(message, options)),
    description: 'Cancel the order: {"reasonCode"?, "reason"?}',
  });
  setHandler(editUpdate, (message) => perform(parseEditMessage(message, options)), {
    validator: (message) => mustAllow(parseEditMessage(message, options)),
    description: 'Change a waiting order: {"lines"?: [{"id", "quantity"}, …], "location"?, "note"?}',
  });
  const asTheUpdate = 'As the update; a refusal shows on the timeline';
  onSignal(changeStatusSignal, (message) => applyOrReject(parseStatusMessage(message, options)), asTheUpdate);
  onSignal(cancelSignal, (message) => applyOrReject(parseCancelMessage(message, options)), asTheUpdate);
  onSignal(editSignal, (message) => applyOrReject(parseEditMessage(message, options)), asTheUpdate);

  // An operator's Cancel is a command like any other: it may be refused, and it never cuts a delivery.
  CancellationScope.current().cancelRequested.catch(() =>
    applyOrReject(parseCancelMessage({ reasonCode: 'other', reason: 'Cancelled in Temporal' })),
  );

  show(book.order);
  await CancellationScope.nonCancellable(async () => {
    await dispatch(book, ways, () => mustGoOn(book, ways));
    if (!book.final || !book.told) await continueAsNew<typeof order>(book.carry(), ways);
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

  function perform(command: Command | Malformed): UpdateResult {
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
  if (order.version > 1) upsertSearchAttributes(searchAttributesOf(order));
}

/** Events after which an order goes on in a new run even if there is too much to carry, and something has to be given up. */
const TOO_LONG = 8_000;

function mustGoOn(book: OrderBook, { events }: OrderRunOptions): boolean {
  const { historyLength, continueAsNewSuggested } = workflowInfo();
  // What is written down is never given up.
  if (historyLength > TOO_LONG) return book.fits('journal');
  return (continueAsNewSuggested || historyLength > events) && book.fits('journal', 'redis', 'customer', 'shop');
}
