import type { OrderEvent } from './order.ts';

/** The mails that a customer may do without; the receipt comes to everybody. */
export const emailKinds = ['edited', 'progress', 'ready', 'reminder', 'cancelled'] as const;
export type EmailKind = (typeof emailKinds)[number];

/** Which of them tells a customer of an event; none for the receipt. */
export function emailKindOf({ type, to }: Pick<OrderEvent, 'type' | 'to'>): EmailKind | undefined {
  if (type === 'order.status_changed') return to === 'ready' ? 'ready' : 'progress';
  return kinds[type];
}

const kinds: Partial<Record<OrderEvent['type'], EmailKind>> = {
  'order.edited': 'edited',
  'order.cancelled': 'cancelled',
  'order.uncollected': 'reminder',
};
