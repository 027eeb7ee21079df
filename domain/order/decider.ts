import { type Actor, isStaff } from '../actor.ts';
import type { Command, Fact, Order, OrderEvent, Placement } from './order.ts';
import { allowedTransitions, type Status } from './transitions.ts';

/** Why a command changes nothing. */
export type Refusal =
  | { refused: 'illegal_transition'; currentStatus: Status; allowedTransitions: Status[]; version: number }
  | { refused: 'version_mismatch'; version: number };

/** An order's first fact: the same for everybody who holds its placement. */
export function open({ key, requestId, ...placement }: Placement): Fact {
  const { id, number, placedAt, ...ordered } = placement;
  const order: Order = {
    id,
    number,
    status: 'waiting',
    version: 1,
    ...ordered,
    flags: [],
    cancellation: null,
    placedAt,
    updatedAt: placedAt,
  };
  const event: OrderEvent = {
    type: 'order.placed',
    id: `${id}:1`,
    orderId: id,
    version: 1,
    at: placedAt,
    actor: { type: 'customer', id: placement.customer.id },
    from: null,
    to: 'waiting',
    reason: null,
    key,
    requestId,
  };
  return { event, order };
}

/**
 * What a command does to an order: the one event that follows, or the reason why none does.
 * The workflow, the API and the tests all ask here.
 *
 * @param at the time of the decision, RFC 3339: the domain has no clock
 */
export function decide(order: Order, command: Command, at: string): OrderEvent | Refusal {
  const { actor, expectedVersion } = command;
  if (expectedVersion !== undefined && expectedVersion !== order.version) {
    return { refused: 'version_mismatch', version: order.version };
  }
  const to: Status = command.type === 'cancel' ? 'cancelled' : command.to;
  const allowed = allowedTransitions(order, actor);
  if (!allowed.includes(to)) {
    const { status: currentStatus, version } = order;
    return { refused: 'illegal_transition', currentStatus, allowedTransitions: allowed, version };
  }
  const version = order.version + 1;
  const happening = {
    id: `${order.id}:${version}`,
    orderId: order.id,
    version,
    at,
    actor,
    from: order.status,
    to,
    reason: command.reason ?? null,
    key: command.key,
    requestId: command.requestId,
  };
  return command.type === 'cancel'
    ? { ...happening, type: 'order.cancelled', reasonCode: command.reasonCode ?? null }
    : { ...happening, type: 'order.status_changed' };
}

/** The order after an event that followed its first one. */
export function evolve(order: Order, event: OrderEvent): Order {
  const moved = { ...order, status: event.to, version: event.version, updatedAt: event.at };
  if (event.type !== 'order.cancelled') return moved;
  const { reasonCode, reason, actor, at } = event;
  return { ...moved, cancellation: { reasonCode, reason, by: actor, at } };
}

/** Whether an actor may know of an order at all: its owner and the shop. */
export const maySee = (order: { customer: { id: string } }, actor: Actor): boolean =>
  isStaff(actor) || actor.id === order.customer.id;
