import {
  cancelOrder,
  changeOption,
  changeOrderStatus,
  changeProduct,
  changeVariation,
  getOrder,
  type Order,
  type Problem,
  placeOrder,
} from '../client/index.ts';
import { readMenu } from '../menu/menu.ts';
import { writeMoney } from '../orders/money.ts';
import { explain } from '../requests/explain.ts';
import { type Outcome, outcomeOf } from '../requests/outcome.ts';
import { type Draft, draft, requestOfDraft } from './draft.ts';
import { notify } from './notices.ts';
import { updateOrder } from './orders.ts';
import { type Change, dependentsOf, type Entry, isAboutOrder, type OrderChange, statusAfter } from './outbox.ts';
import { openDraft, panel } from './panel.ts';
import { session } from './session.ts';
import { words } from './words.ts';

/** Lets a page that ends complete its requests. */
const options = { keepalive: true };

/** Sends a queued change, and shows its outcome. */
export async function send(entry: Entry): Promise<Outcome<unknown>['kind']> {
  const { id, change, userId } = entry;
  switch (change.kind) {
    case 'place': {
      // Another user's request with this key would place a second order if the first one was placed.
      if (userId !== session.account.value?.id) {
        await returnDraft(id, change.draft, words.value.maybePlaced);
        return 'refused';
      }
      const outcome = await outcomeOf(
        placeOrder({ ...options, headers: { 'Idempotency-Key': id }, body: requestOfDraft(change.draft) }),
      );
      if (outcome.kind === 'done') showPlaced(outcome.data, outcome.response);
      if (outcome.kind === 'refused') {
        const { code, total } = outcome.problem;
        const reason = explain.value(outcome.problem);
        await returnDraft(id, change.draft, words.value.placingRefused(code, total && writeMoney(total), reason));
      }
      return outcome.kind;
    }
    case 'availability': {
      const outcome = await sendAvailability(change);
      if (outcome.kind === 'done') await readMenu();
      if (outcome.kind === 'refused') {
        const reason = explain.value(outcome.problem);
        notify(words.value.availabilityRefused(change.item.name, change.available, reason), { id });
      }
      return outcome.kind;
    }
    default: {
      const outcome = await sendOrderChange(id, change);
      if (outcome.kind === 'done') updateOrder(outcome.data);
      if (outcome.kind === 'refused') await explainRefusal(entry, change.orderId, outcome.problem);
      return outcome.kind;
    }
  }
}

type Availability = Extract<Change, { kind: 'availability' }>;

function sendAvailability({ item, available }: Availability): Promise<Outcome<unknown>> {
  const body = { available };
  switch (item.kind) {
    case 'product':
      return outcomeOf(changeProduct({ ...options, body, path: { id: item.id } }));
    case 'variation':
      return outcomeOf(changeVariation({ ...options, body, path: { id: item.parentId, variationId: item.id } }));
    case 'option':
      return outcomeOf(changeOption({ ...options, body, path: { id: item.parentId, optionId: item.id } }));
  }
}

function sendOrderChange(key: string, change: OrderChange): Promise<Outcome<Order>> {
  const headers = { 'Idempotency-Key': key, 'If-Match': `"${change.ifMatch}"` };
  const path = { id: change.orderId };
  return change.kind === 'move'
    ? outcomeOf(changeOrderStatus({ ...options, headers, path, body: { status: change.status } }))
    : outcomeOf(cancelOrder({ ...options, headers, path, body: change.cancellation }));
}

/** Reads the order, and says why it was not changed: a notice for the change, and for each later one that is dropped with it. */
async function explainRefusal(entry: Entry, orderId: string, problem: Problem): Promise<void> {
  const outcome = await outcomeOf(getOrder({ path: { id: orderId } }));
  if (outcome.kind === 'done') updateOrder(outcome.data);
  const isConflict = problem.status === 409 || problem.status === 412;
  const stored = outcome.kind === 'done' ? outcome.data.status : problem.currentStatus;
  const current = isConflict ? stored : undefined;
  for (const { id, change } of [entry, ...dependentsOf(entry)]) {
    if (!isAboutOrder(change)) continue;
    notify(words.value.refused(change.number, statusAfter(change), current, explain.value(problem)), { id });
  }
}

/** Whether a panel may open by itself. In a hidden tab, it would not be seen. */
const mayOpenPanel = () => !panel.value && !document.hidden;

function showPlaced(order: Order, response: Response): void {
  // A repeated request has the same answer, also if the order has ended meanwhile.
  if (mayOpenPanel() && !response.headers.has('Idempotency-Replayed')) panel.value = { kind: 'order', id: order.id };
  else notify(words.value.placed(order.number, order.customer.name), { id: order.id, orderId: order.id });
}

/** Opens an order that was not placed again, so that the barista can correct it. @param refusal why it was not placed */
async function returnDraft(id: string, refused: Draft, refusal: string): Promise<void> {
  await readMenu();
  if (mayOpenPanel() && draft.value.lines.length === 0) openDraft({ ...refused, refusal });
  else notify(refusal, { id, draft: { ...refused, refusal } });
}
