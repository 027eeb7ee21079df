import type { Actor } from '../actor.ts';
import { type Channel, channelOf } from './channel.ts';
import type { Changes, Line, LineOption, Order } from './order.ts';

/** A line as clients receive it, with the fields that a stored line may lack. */
export interface FullLine extends Omit<Line, 'options' | 'note'> {
  options: LineOption[];
  note: string | null;
}

/** An order as clients receive it, with the fields that a stored order may lack. */
export interface FullOrder extends Omit<Order, 'lines' | 'placedBy'> {
  channel: Channel;
  placedBy: Actor;
  lines: FullLine[];
}

export interface FullChanges extends Omit<Changes, 'added' | 'removed'> {
  added: FullLine[];
  removed: FullLine[];
}

/** Returns a line with all its fields. A full line stays as it is. */
export const toFullLine = <Fields extends { options?: LineOption[]; note?: string | null }>(line: Fields) => ({
  ...line,
  options: line.options ?? [],
  note: line.note ?? null,
});

/** Returns the person or service that placed an order. */
export const placedByOf = ({ customer, placedBy }: Pick<Order, 'customer' | 'placedBy'>): Actor =>
  // Counter orders, which have no customer's id, always have `placedBy`.
  placedBy ?? { type: 'customer', id: customer.id as string };

export const toFullOrder = (order: Order): FullOrder => ({
  ...order,
  channel: channelOf(order),
  placedBy: placedByOf(order),
  lines: order.lines.map(toFullLine),
});

export const toFullChanges = (changes: Changes): FullChanges => ({
  ...changes,
  added: changes.added.map(toFullLine),
  removed: changes.removed.map(toFullLine),
});
