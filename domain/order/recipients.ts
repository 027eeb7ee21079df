import type { OrderEvent } from './order.ts';

/** Who gets email; an address is looked up only when it is sent. */
export type Recipient = 'customer' | 'shop';

/** Whoever hears of events, each at a pace of their own: listeners on Redis, and who gets email. */
export type Audience = 'redis' | Recipient;

/** How the ledger calls an audience: a role or a channel's name, never an address (design §2). */
export const addresses = {
  redis: { channel: 'redis', recipient: 'orders' },
  customer: { channel: 'email', recipient: 'customer' },
  shop: { channel: 'email', recipient: 'shop' },
} as const satisfies Record<Audience, { channel: string; recipient: string }>;

/** Who hears of an event by email (design §5). */
export function recipientsOf({ type }: Pick<OrderEvent, 'type'>): Recipient[] {
  if (type === 'order.delayed') return ['shop'];
  return type === 'order.placed' || type === 'order.cancelled' ? ['customer', 'shop'] : ['customer'];
}
