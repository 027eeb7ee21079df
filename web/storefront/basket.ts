import { computed } from '@preact/signals';
import type { Location, MenuItem, OrderLine } from '../client/index.ts';
import { draftOf, isComplete, lineOf, requestOf, totalOf } from '../menu/line-draft.ts';
import { menu } from '../menu/menu.ts';
import { MAX_QUANTITY } from '../menu/product-chooser.tsx';
import { storedSignal } from '../page/stored-signal.ts';
import { words } from './words.ts';

interface Basket {
  /** The idempotency key of the order that is placed with it. So even two tabs cannot place it twice. */
  id: string;
  /** With the names and prices that the customer has seen. */
  lines: OrderLine[];
  location: Location;
  note: string;
}

export const basket = storedSignal<Basket>('crema.basket', {
  id: crypto.randomUUID(),
  lines: [],
  location: 'take_away',
  note: '',
});

export function changeBasket(changes: Partial<Basket>): void {
  basket.value = { ...basket.value, ...changes };
}

/** Adds lines. A line that is the same as another, except for its quantity, is added to it. */
export function addLines(added: OrderLine[]): void {
  const choiceOf = (line: OrderLine) => JSON.stringify(requestOf({ ...line, quantity: 1 }));
  const lines = [...basket.value.lines];
  for (const line of added) {
    const index = lines.findIndex((each) => choiceOf(each) === choiceOf(line));
    const same = lines[index];
    if (same) lines[index] = withQuantity(line, Math.min(same.quantity + line.quantity, MAX_QUANTITY), same.id);
    else lines.push(withQuantity(line, line.quantity, crypto.randomUUID()));
  }
  changeBasket({ lines });
}

const withQuantity = (line: OrderLine, quantity: number, id: string): OrderLine => ({
  ...line,
  id,
  quantity,
  total: { ...line.unitPrice, amount: line.unitPrice.amount * quantity },
});

/** Replaces the line with the same id. */
export const replaceLine = (line: OrderLine): void =>
  changeBasket({ lines: basket.value.lines.map((each) => (each.id === line.id ? line : each)) });

export const setQuantity = (line: OrderLine, quantity: number): void =>
  replaceLine(withQuantity(line, quantity, line.id));

export const removeLine = ({ id }: OrderLine): void =>
  changeBasket({ lines: basket.value.lines.filter((line) => line.id !== id) });

/** Begins a new basket after an order, with what was added while it was placed. */
export function beginBasket(ordered: OrderLine[]): void {
  const lines = basket.value.lines.map((line) => {
    const { quantity = 0 } = ordered.find(({ id }) => id === line.id) ?? {};
    return withQuantity(line, line.quantity - quantity, line.id);
  });
  changeBasket({ id: crypto.randomUUID(), lines: lines.filter(({ quantity }) => quantity > 0), note: '' });
}

/** A line of the basket, compared with today's menu. */
interface Reviewed {
  line: OrderLine;
  /** The line as it can be ordered now; `undefined` if it cannot. */
  today: OrderLine | undefined;
  /** What has changed, in the customer's words. */
  changes: string[];
}

const nameOf = ({ product, variation }: OrderLine): string => (variation ? `${product} (${variation})` : product);

function review(line: OrderLine, items: MenuItem[]): Reviewed {
  const { gone, soldOut, without, chooseAgain, newPrice } = words.value.changes;
  const name = nameOf(line);
  const item = items.find(({ id }) => id === line.productId);
  const variation = item?.variations.find(({ id }) => id === line.variationId);
  if (!item || (line.variationId && !variation)) return { line, today: undefined, changes: [gone(name)] };
  if (!item.available || variation?.available === false) return { line, today: undefined, changes: [soldOut(name)] };

  const options = item.optionGroups.flatMap((group) => group.options);
  const isOnSale = (id: string) => options.some((option) => option.id === id && option.available);
  const missing = line.options.filter(({ id }) => !isOnSale(id));
  const kept = { ...line, options: line.options.filter(({ id }) => isOnSale(id)) };
  const changes = missing.map((option) => without(option.name, name));
  if (!isComplete(item, draftOf(kept))) return { line, today: undefined, changes: [...changes, chooseAgain(name)] };

  const today = lineOf(item, draftOf(kept), line.id);
  const spared = missing.reduce((sum, { unitPrice, quantity }) => sum + unitPrice.amount * quantity, 0);
  const before = { ...line.unitPrice, amount: line.unitPrice.amount - spared };
  if (today.unitPrice.amount !== before.amount) changes.push(newPrice(name, today.unitPrice, before));
  return { line, today, changes };
}

/** The lines of the basket, compared with today's menu. Before the menu is read, every line counts as unchanged. */
export const reviewed = computed((): Reviewed[] =>
  basket.value.lines.map((line) => (menu.value ? review(line, menu.value) : { line, today: line, changes: [] })),
);

/** The number of items that can be ordered, and their total. */
export const summary = computed(() => {
  const lines = reviewed.value.flatMap(({ today }) => today ?? []);
  return { count: lines.reduce((sum, { quantity }) => sum + quantity, 0), total: totalOf(lines) };
});
