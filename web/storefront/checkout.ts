import { signal } from '@preact/signals';
import {
  type Money,
  type OrderLine,
  type OrderRequest,
  type ProblemCode,
  placeOrder,
  quoteOrder,
} from '../client/index.ts';
import { requestOf } from '../menu/line-draft.ts';
import { readMenu } from '../menu/menu.ts';
import { untilOnline } from '../page/online.ts';
import { storedSignal } from '../page/stored-signal.ts';
import { explain } from '../requests/explain.ts';
import { outcomeOf } from '../requests/outcome.ts';
import { basket, beginBasket } from './basket.ts';
import { replaceRoute } from './route.ts';
import { session } from './session.ts';
import { words } from './words.ts';

/** What the customer sees before placing the order. */
type Checkout =
  | { step: 'busy' }
  | { step: 'confirm'; key: string; lines: OrderLine[]; body: OrderRequest; total: Money; changes: string[] }
  /** `why` is in the words of the API. */
  | { step: 'failed'; why: string; changes: string[] };

export const checkout = signal<Checkout>({ step: 'busy' });

/** A request to place an order, stored until its outcome is known. */
interface Placing {
  /** The idempotency key: the id of the basket. */
  key: string;
  body: OrderRequest;
  /** The lines of the basket that it orders. */
  lines: OrderLine[];
  userId: string | undefined;
  /** In ms since the epoch. */
  placedAt: number;
}

/** How long a request is repeated before the customer is asked again, in ms. By then, the order may no longer be wanted. */
const REPEATED_MS = 10 * 60_000;

export const placing = storedSignal<Placing | null>('crema.placing', null);

/** Whether the last attempt to place the order had no answer. */
export const isUnanswered = signal(false);

/** Refusals that today's menu explains. */
const outdated: ProblemCode[] = ['price_changed', 'product_unavailable', 'options_invalid'];

/** The number of the last comparison. An earlier one may be answered later. */
let last = 0;

/** Compares the basket with today's menu, and asks for the price of what can be ordered. */
export async function prepare(attempts = 3): Promise<void> {
  if (basket.value.lines.length === 0) return replaceRoute('#basket');
  const present = ++last;
  const show = (next: Checkout) => {
    if (present === last) checkout.value = next;
  };
  show({ step: 'busy' });
  if (!session.account.value) await session.readAccount();
  const isRead = (await readMenu()) && session.account.value !== null;
  const changes = basket.reviewed.value.flatMap((each) => each.changes);
  const lines = basket.orderable.value;
  if (!isRead) return show({ step: 'failed', why: words.value.noAnswer, changes });
  if (lines.length === 0) return show({ step: 'failed', why: words.value.nothingLeft, changes });
  const { id: key, location } = basket.value;
  const note = basket.value.note.trim();
  const body = { lines: lines.map(requestOf), location, ...(note && { note }) };
  const outcome = await outcomeOf(quoteOrder({ body }));
  if (outcome.kind === 'done') show({ step: 'confirm', key, lines, body, total: outcome.data.total, changes });
  else if (outcome.kind === 'retry') show({ step: 'failed', why: words.value.noAnswer, changes });
  else if (outdated.includes(outcome.problem.code) && attempts > 1) await prepare(attempts - 1);
  else show({ step: 'failed', why: explain.value(outcome.problem), changes });
}

/** Accepts the changes and places the order. It is stored before the first attempt, so that a reload repeats it. */
export function place(): void {
  if (checkout.value.step !== 'confirm' || placing.value) return;
  const { key, lines, body, total } = checkout.value;
  const ordered = new Map(lines.map((line) => [line.id, line]));
  basket.change({ lines: basket.value.lines.map((line) => ordered.get(line.id) ?? line) });
  placing.value = {
    key,
    body: { ...body, expectedTotal: total },
    lines,
    userId: session.account.value?.id,
    placedAt: Date.now(),
  };
}

let isSending = false;

/** Sends the stored request with the same key until its outcome is known, or the sign-in has expired. */
export async function sendOrder(): Promise<void> {
  if (isSending) return;
  isSending = true;
  try {
    for (let pause = 500; placing.value && session.state.value === 'signed in'; pause = Math.min(2 * pause, 8_000)) {
      const { userId, placedAt } = placing.value;
      const isOld = Date.now() - placedAt > REPEATED_MS;
      // A key belongs to one user. With it, another user would place a second order.
      if (isOld || userId !== session.account.value?.id) await askAgain();
      else if (!(await attempt(placing.value))) await untilOnline(pause);
    }
  } finally {
    isSending = false;
  }
}

/** Lets the customer decide again. If the order was placed after all, the same key returns it. */
async function askAgain(): Promise<void> {
  placing.value = null;
  await prepare();
}

/** @returns whether the API has decided */
async function attempt({ key, body, lines }: Placing): Promise<boolean> {
  const outcome = await outcomeOf(placeOrder({ body, headers: { 'Idempotency-Key': key } }));
  isUnanswered.value = outcome.kind === 'retry';
  if (outcome.kind === 'retry') return false;
  placing.value = null;
  if (outcome.kind === 'done') {
    // Another tab may have received the answer first.
    if (basket.value.id === key) beginBasket(lines);
    replaceRoute(`#order/${outcome.data.id}`);
  } else if (outdated.includes(outcome.problem.code)) {
    await prepare();
  } else if (outcome.problem.code === 'idempotency_key_reused') {
    // The basket was ordered before it was changed: the customer sees that order first.
    basket.change({ id: crypto.randomUUID() });
    replaceRoute('#orders');
  } else {
    checkout.value = { step: 'failed', why: explain.value(outcome.problem), changes: [] };
  }
  return true;
}
