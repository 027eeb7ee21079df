import type { OrderEvent } from './order.ts';

/** The recipient of an email. The address is looked up when the email is sent. */
export type Recipient = 'customer' | 'shop';

/** Redis, or a recipient of emails. Each has its own queue of events. */
export type Audience = 'redis' | Recipient;

/** The names of the audiences in the delivery ledger. The names are roles, never email addresses. */
export const addresses = {
  redis: { channel: 'redis', recipient: 'orders' },
  customer: { channel: 'email', recipient: 'customer' },
  shop: { channel: 'email', recipient: 'shop' },
} as const satisfies Record<Audience, { channel: string; recipient: string }>;

/** Returns the audiences of an event: Redis, and the recipients of emails. */
export const audiencesOf = (event: Pick<OrderEvent, 'type'>): Audience[] => ['redis', ...recipientsOf(event)];

/** Returns the recipients of emails about an event. */
export function recipientsOf({ type }: Pick<OrderEvent, 'type'>): Recipient[] {
  if (type === 'order.delayed') return ['shop'];
  return type === 'order.placed' || type === 'order.cancelled' ? ['customer', 'shop'] : ['customer'];
}
