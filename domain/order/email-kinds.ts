import type { OrderEvent } from './order.ts';

/** The emails that customers can turn off. The receipt is always sent. */
export const emailKinds = ['edited', 'progress', 'ready', 'reminder', 'cancelled'] as const;
export type EmailKind = (typeof emailKinds)[number];

/** Returns the kind of an event's email; undefined for the receipt. */
export function emailKindOf({ type, to }: Pick<OrderEvent, 'type' | 'to'>): EmailKind | undefined {
  if (type === 'order.status_changed') return to === 'ready' ? 'ready' : 'progress';
  return kinds[type];
}

const kinds: Partial<Record<OrderEvent['type'], EmailKind>> = {
  'order.edited': 'edited',
  'order.cancelled': 'cancelled',
  'order.uncollected': 'reminder',
};
