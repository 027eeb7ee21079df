import { computed } from '@preact/signals';
import type { Location, MenuItem, OrderLine } from '../client/index.ts';
import { draftOf, isComplete, lineOf, MAX_QUANTITY, requestOf, totalOf } from '../menu/line-draft.ts';
import { menu } from '../menu/menu.ts';
import { storedSignal } from '../page/stored-signal.ts';
import { words } from './words.ts';

/** An order that is not placed yet. */
export interface BasketContent {
  /** With the names and prices that the person has seen. */
  lines: OrderLine[];
  location: Location;
  note: string;
}

export const emptyBasket: BasketContent = { lines: [], location: 'take_away', note: '' };

export type Basket<Content extends BasketContent = BasketContent> = ReturnType<typeof createBasket<Content>>;

/** Returns a basket that this device keeps. @param key the key in `localStorage` */
export function createBasket<Content extends BasketContent>(key: string, empty: Content) {
  const content = storedSignal(key, empty);
  const setLines = (lines: OrderLine[]) => {
    content.value = { ...content.value, lines };
  };
  const replace = (line: OrderLine) => setLines(content.value.lines.map((each) => (each.id === line.id ? line : each)));

  /** Adds lines. Lines that differ only in their quantity become one. */
  function add(added: OrderLine[]): void {
    const choiceOf = (line: OrderLine) => JSON.stringify(requestOf({ ...line, quantity: 1 }));
    const lines = [...content.value.lines];
    for (const line of added) {
      const index = lines.findIndex((each) => choiceOf(each) === choiceOf(line));
      const same = lines[index];
      if (same) lines[index] = withQuantity(line, Math.min(same.quantity + line.quantity, MAX_QUANTITY), same.id);
      else lines.push(withQuantity(line, line.quantity, crypto.randomUUID()));
    }
    setLines(lines);
  }

  const reviewed = computed(() => content.value.lines.map((line) => review(line, menu.value)));
  const orderable = computed(() => reviewed.value.flatMap(({ today }) => today ?? []));
  return Object.assign(content, {
    /** The lines, compared with today's menu. */
    reviewed,
    /** The lines that can be ordered, with today's prices. */
    orderable,
    total: computed(() => totalOf(orderable.value)),
    change(changes: Partial<Content>): void {
      content.value = { ...content.value, ...changes };
    },
    add,
    /** Adds a line, or replaces the line with its id. */
    put(line: OrderLine): void {
      if (content.value.lines.some(({ id }) => id === line.id)) replace(line);
      else add([line]);
    },
    setQuantity: (line: OrderLine, quantity: number) => replace(withQuantity(line, quantity)),
    remove: ({ id }: OrderLine) => setLines(content.value.lines.filter((line) => line.id !== id)),
  });
}

export const withQuantity = (line: OrderLine, quantity: number, id = line.id): OrderLine => ({
  ...line,
  id,
  quantity,
  total: { ...line.unitPrice, amount: line.unitPrice.amount * quantity },
});

/** A line of a basket, compared with today's menu. */
export interface Reviewed {
  line: OrderLine;
  /** The line as it can be ordered now; `undefined` if it cannot. */
  today: OrderLine | undefined;
  /** What has changed, in the person's words. */
  changes: string[];
}

const nameOf = ({ product, variation }: OrderLine): string => (variation ? `${product} (${variation})` : product);

/** @param items undefined before the menu is read: then the line counts as unchanged */
function review(line: OrderLine, items: MenuItem[] | undefined): Reviewed {
  if (!items) return { line, today: line, changes: [] };
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
