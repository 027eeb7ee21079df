import type { LoggedFact } from '../../db/event-log.ts';
import { type Actor, isStaff } from '../../domain/actor.ts';
import { alertOf } from '../../domain/order/alerts.ts';
import { isFinal } from '../../domain/order/transitions.ts';
import { toEventResource } from '../orders/resources.ts';
import { toFrame } from './frames.ts';
import { toPosition } from './position.ts';

/** Who looks: whoever works for the shop, or the one customer whose order it is. */
export type View = 'staff' | 'owner';

export const viewOf = (actor: Actor): View => (isStaff(actor) ? 'staff' : 'owner');

/** Any of the staff: all of them see everything. */
const CREMA: Actor = { type: 'system', id: 'crema' };

/** A fact on its way to readers: written out once for each view, however many they are. */
export interface Broadcast {
  position: number;
  orderId: string;
  /** Perhaps nothing follows about this order. */
  maybeLast: boolean;
  frame(view: View): Buffer;
}

/** @param epoch of the log that it stands in @param publicUrl where clients see the API */
export function toBroadcast(fact: LoggedFact, epoch: string, publicUrl: string): Broadcast {
  const { position, event, order } = fact;
  const frames: Partial<Record<View, Buffer>> = {};
  const write = (view: View): Buffer => {
    const viewer: Actor = view === 'staff' ? CREMA : { type: 'customer', id: order.customer.id };
    const data = toEventResource(fact, viewer, publicUrl);
    return toFrame({ id: toPosition({ epoch, n: position }), event: event.type, data });
  };
  return {
    position,
    orderId: event.orderId,
    maybeLast: isFinal(order.status) || alertOf(event) !== undefined,
    frame(view) {
      frames[view] ??= write(view);
      return frames[view];
    },
  };
}
