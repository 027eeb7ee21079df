import type { Actor } from '../actor.ts';
import { type FullOrder, toFullOrder } from './full-order.ts';
import type { Fact, OrderEvent } from './order.ts';
import type { Status } from './transitions.ts';

/** The media type of an event in JSON (CloudEvents HTTP binding 1.0, structured mode). */
export const CLOUD_EVENT_TYPE = 'application/cloudevents+json';

/** The Redis channel with the events of all orders. Each order also has its own channel, `orders:<id>`. */
export const ORDERS_CHANNEL = 'orders';

/** An event in the format that all consumers receive: CloudEvents 1.0 in JSON. */
export interface OrderCloudEvent {
  specversion: '1.0';
  type: OrderEvent['type'];
  id: string;
  /** The absolute URI of the shop's orders. */
  source: string;
  subject: string;
  time: string;
  datacontenttype: 'application/json';
  data: { order: FullOrder; from: Status | null; to: Status; actor: Actor; reason: string | null };
}

/** @param publicUrl base URL of the API as clients see it */
export function toCloudEvent({ event, order }: Fact, publicUrl: string): OrderCloudEvent {
  const { type, id, orderId, at, from, to, actor, reason } = event;
  return {
    specversion: '1.0',
    type,
    id,
    source: `${publicUrl}/v1/orders`,
    subject: orderId,
    time: at,
    datacontenttype: 'application/json',
    data: { order: toFullOrder(order), from, to, actor, reason },
  };
}
