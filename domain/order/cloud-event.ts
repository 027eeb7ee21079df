import type { Actor } from '../actor.ts';
import type { Fact, Order, OrderEvent } from './order.ts';
import type { Status } from './transitions.ts';

/** An event as the world sees it: CloudEvents 1.0 in JSON (design §5). */
export interface OrderCloudEvent {
  specversion: '1.0';
  type: OrderEvent['type'];
  id: string;
  source: '/orders';
  subject: string;
  time: string;
  datacontenttype: 'application/json';
  data: { order: Order; from: Status | null; to: Status; actor: Actor; reason: string | null };
}

export function toCloudEvent({ event, order }: Fact): OrderCloudEvent {
  const { type, id, orderId, at, from, to, actor, reason } = event;
  return {
    specversion: '1.0',
    type,
    id,
    source: '/orders',
    subject: orderId,
    time: at,
    datacontenttype: 'application/json',
    data: { order, from, to, actor, reason },
  };
}
