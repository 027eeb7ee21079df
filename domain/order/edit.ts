import { times } from '../money.ts';
import {
  areTooLarge,
  type Changes,
  type Edit,
  type KeptLine,
  type Line,
  type Order,
  type Refusal,
  type Unchanged,
} from './order.ts';
import { totalOf } from './pricing.ts';

type Edited = Pick<Order, 'lines' | 'total' | 'location' | 'note'>;

/** Applies an edit. Kept lines stay in their order; new lines follow. */
export function applyEdit(order: Order, edit: Edit): { edited: Edited; changes: Changes } | Refusal | Unchanged {
  const wanted = edit.lines ?? order.lines.map(({ id, quantity }): KeptLine => ({ id, quantity }));
  const unknown = unknownLines(order, wanted);
  if (unknown.length > 0) return { refused: 'unknown_lines', lines: unknown };

  const lines = [...keptLines(order, wanted), ...wanted.filter(isNew)];
  if (areTooLarge(lines)) return { refused: 'order_too_large' };
  const { location = order.location, note = order.note } = edit;
  const changes = difference(order, { lines, location, note });
  if (!changes) return { unchanged: true };
  return { edited: { lines, total: totalOf(lines, order.total.currency), location, note }, changes };
}

const isNew = (line: Line | KeptLine): line is Line => 'product' in line;

/** Returns the indexes of unknown lines, repeated lines, and new lines in another currency. */
function unknownLines(order: Order, wanted: readonly (Line | KeptLine)[]): number[] {
  const known = new Set(order.lines.map(({ id }) => id));
  const seen = new Set<string>();
  return wanted.flatMap((line, index) => {
    const fits = isNew(line) ? !known.has(line.id) && line.total.currency === order.total.currency : known.has(line.id);
    const first = !seen.has(line.id);
    seen.add(line.id);
    return fits && first ? [] : [index];
  });
}

function keptLines(order: Order, wanted: readonly (Line | KeptLine)[]): Line[] {
  const quantities = new Map(wanted.filter((line) => !isNew(line)).map(({ id, quantity }) => [id, quantity]));
  return order.lines.flatMap((line) => {
    const quantity = quantities.get(line.id);
    return quantity === undefined ? [] : [{ ...line, quantity, total: times(line.unitPrice, quantity) }];
  });
}

function difference(before: Order, after: Omit<Edited, 'total'>): Changes | undefined {
  const kept = new Map(after.lines.map((line) => [line.id, line]));
  const known = new Set(before.lines.map(({ id }) => id));
  const changes: Changes = {
    added: after.lines.filter(({ id }) => !known.has(id)),
    removed: before.lines.filter(({ id }) => !kept.has(id)),
    quantities: before.lines.flatMap(({ id, product, variation, quantity: from }) => {
      const to = kept.get(id)?.quantity ?? from;
      return to === from ? [] : [{ id, product, variation, from, to }];
    }),
    location: before.location === after.location ? null : { from: before.location, to: after.location },
    note: before.note === after.note ? null : { from: before.note, to: after.note },
  };
  const some = changes.added.length + changes.removed.length + changes.quantities.length > 0;
  return some || changes.location || changes.note ? changes : undefined;
}
