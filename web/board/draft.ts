import { computed } from '@preact/signals';
import type { Location, OrderLine, OrderRequest } from '../client/index.ts';
import { draftOf, isComplete, lineOf, requestOf, totalOf } from '../menu/line-draft.ts';
import { menu } from '../menu/menu.ts';
import { storedSignal } from '../page/stored-signal.ts';

/** A counter order that is not placed yet. */
export interface Draft {
  lines: OrderLine[];
  customerName: string;
  location: Location;
  note: string;
  /** Why the API has refused it. */
  refusal?: string;
}

export const emptyDraft: Draft = { lines: [], customerName: '', location: 'take_away', note: '' };

/** The order that the barista writes. It survives a reload. */
export const draft = storedSignal('crema.board.draft', emptyDraft);

export const changeDraft = (changes: Partial<Draft>): void => {
  draft.value = { ...draft.value, ...changes };
};

/** The lines with today's prices, and whether they can be ordered. A menu that is not loaded yet changes nothing. */
export const draftLines = computed(() =>
  draft.value.lines.map((line) => {
    const item = menu.value?.find(({ id }) => id === line.productId);
    if (!item) return { line, isAvailable: menu.value === undefined };
    return { line: lineOf(item, draftOf(line), line.id), isAvailable: isComplete(item, draftOf(line)) };
  }),
);

/** Adds a line, or replaces the line with its id. */
export function putLine(line: OrderLine): void {
  const { lines } = draft.value;
  const isKnown = lines.some(({ id }) => id === line.id);
  changeDraft({ lines: isKnown ? lines.map((each) => (each.id === line.id ? line : each)) : [...lines, line] });
}

export function removeLine(id: string): void {
  changeDraft({ lines: draft.value.lines.filter((line) => line.id !== id) });
}

/** Returns the order as `POST /v1/orders` takes it. Another total is refused, because the customer has seen this one. */
export const requestOfDraft = ({ lines, customerName, location, note }: Draft): OrderRequest => ({
  lines: lines.map(requestOf),
  location,
  ...(customerName.trim() && { customerName: customerName.trim() }),
  ...(note.trim() && { note: note.trim() }),
  expectedTotal: totalOf(lines),
});
