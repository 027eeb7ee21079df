import type { OrderEvent } from './order.ts';

/** Who gets email; an address is looked up only when it is sent. */
export type Recipient = 'customer' | 'shop';

/** Who hears of an event by email (design §5). */
export function recipientsOf({ type }: Pick<OrderEvent, 'type'>): Recipient[] {
  if (type === 'order.delayed') return ['shop'];
  return type === 'order.placed' || type === 'order.cancelled' ? ['customer', 'shop'] : ['customer'];
}
