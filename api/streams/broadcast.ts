import type { LoggedFact } from '../../db/event-log.ts';
import { type Actor, isStaff } from '../../domain/actor.ts';
import { alertOf } from '../../domain/order/alerts.ts';
import { ownerOf } from '../../domain/order/decider.ts';
import { isFinal } from '../../domain/order/transitions.ts';
import { toEventResource } from '../orders/resources.ts';
import { toFrame } from './frames.ts';
import { toPosition } from './position.ts';

/** The two forms of an event: one for staff, and one for the owner of its order. */
export type View = 'staff' | 'owner';

export const viewOf = (actor: Actor): View => (isStaff(actor) ? 'staff' : 'owner');

/** The viewer of events that are sent to staff. One is enough, because all members of staff see the same. */
export const STAFF: Actor = { type: 'system', id: 'crema' };

/** A fact for all readers of a process. It is serialized only once for each view. */
export interface Broadcast {
  position: number;
  orderId: string;
  /** Whether this may be the last fact of its order. */
  maybeLast: boolean;
  frame(view: View): Buffer;
}

/** @param publicUrl base URL of the API as clients see it */
export function toBroadcast(fact: LoggedFact, epoch: string, publicUrl: string): Broadcast {
  const { position, event, order } = fact;
  const frames: Partial<Record<View, Buffer>> = {};
  const serialize = (view: View): Buffer => {
    const data = toEventResource(fact, view === 'staff' ? STAFF : ownerOf(order), publicUrl);
    return toFrame({ id: toPosition({ epoch, n: position }), event: event.type, data });
  };
  return {
    position,
    orderId: event.orderId,
    maybeLast: isFinal(order.status) || alertOf(event) !== undefined,
    frame: (view) => (frames[view] ??= serialize(view)),
  };
}
