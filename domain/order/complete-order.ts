import type { Actor } from '../actor.ts';
import type { Changes, Line, LineOption, Order } from './order.ts';

export const channels = ['online', 'counter'] as const;
export type Channel = (typeof channels)[number];

/** A line as clients receive it, with the fields that a stored line may lack. */
export interface CompleteLine extends Omit<Line, 'options' | 'note'> {
  options: LineOption[];
  note: string | null;
}

/** An order as clients receive it, with the fields that a stored order may lack. */
export interface CompleteOrder extends Omit<Order, 'lines' | 'placedBy'> {
  channel: Channel;
  placedBy: Actor;
  lines: CompleteLine[];
}

export interface CompleteChanges extends Omit<Changes, 'added' | 'removed'> {
  added: CompleteLine[];
  removed: CompleteLine[];
}

/** Returns the channel of an order. Orders without a customer's account were placed at the counter. */
export const channelOf = ({ customer }: { customer: { id: string | null } }): Channel =>
  customer.id === null ? 'counter' : 'online';

/** Returns a line with all its fields. A complete line stays as it is. */
export const completeLine = <Fields extends { options?: LineOption[]; note?: string | null }>(line: Fields) => ({
  ...line,
  options: line.options ?? [],
  note: line.note ?? null,
});

export const completeOrder = (order: Order): CompleteOrder => ({
  ...order,
  channel: channelOf(order),
  placedBy: order.placedBy ?? { type: 'customer', id: order.customer.id },
  lines: order.lines.map(completeLine),
});

export const completeChanges = (changes: Changes): CompleteChanges => ({
  ...changes,
  added: changes.added.map(completeLine),
  removed: changes.removed.map(completeLine),
});
