import { type Actor, isStaff } from '../actor.ts';
import { applyEdit } from './edit.ts';
import { placedByOf } from './full-order.ts';
import type { Command, Fact, Order, OrderEvent, Placement, Refusal, Unchanged } from './order.ts';
import { allowedTransitions, mayEdit, type Status } from './transitions.ts';

/** Returns a new order and its first event. The API and the workflow compute the same event from the same placement. */
export function placeOrder({ key, requestId, patience: _, ...placement }: Placement): Fact {
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
    actor: placedByOf(placement),
    from: null,
    to: 'waiting',
    reason: null,
    key,
    requestId,
  };
  return { event, order };
}

/**
 * Returns the event that a command causes, a refusal, or `unchanged` for an edit that makes no difference.
 *
 * @param at time of the event, RFC 3339
 */
export function decide(order: Order, command: Command, at: string): OrderEvent | Refusal | Unchanged {
  const { actor, expectedVersion } = command;
  if (expectedVersion !== undefined && expectedVersion !== order.version) {
    return { refused: 'version_mismatch', version: order.version };
  }
  if (command.type === 'edit') return decideEdit(order, command, at);
  const to: Status = command.type === 'cancel' ? 'cancelled' : command.to;
  if (!allowedTransitions(order, actor).includes(to)) return illegalTransition(order, actor);
  const event = eventOf(order, command, to, at);
  return command.type === 'cancel'
    ? { ...event, type: 'order.cancelled', reasonCode: command.reasonCode ?? null }
    : { ...event, type: 'order.status_changed' };
}

function decideEdit(
  order: Order,
  command: Extract<Command, { type: 'edit' }>,
  at: string,
): OrderEvent | Refusal | Unchanged {
  if (!mayEdit(order, command.actor)) return illegalTransition(order, command.actor);
  const edit = applyEdit(order, command);
  if ('refused' in edit || 'unchanged' in edit) return edit;
  return { ...eventOf(order, command, order.status, at), type: 'order.edited', ...edit };
}

function illegalTransition(order: Order, actor: Actor): Refusal {
  const { status: currentStatus, version } = order;
  return {
    refused: 'illegal_transition',
    currentStatus,
    allowedTransitions: allowedTransitions(order, actor),
    version,
  };
}

function eventOf(order: Order, { actor, reason, key, requestId }: Command, to: Status, at: string) {
  const version = order.version + 1;
  const id = `${order.id}:${version}`;
  return { id, orderId: order.id, version, at, actor, from: order.status, to, reason: reason ?? null, key, requestId };
}

/** Returns the order after an event that is not its first. For the first event, {@link placeOrder} returns the order. */
export function evolve(order: Order, event: OrderEvent): Order {
  const after = { ...order, status: event.to, version: event.version, updatedAt: event.at };
  if (event.type === 'order.edited') return { ...after, ...event.edited };
  if (event.type !== 'order.cancelled') return after;
  const { reasonCode, reason, actor, at } = event;
  return { ...after, cancellation: { reasonCode, reason, by: actor, at } };
}

/** An order, or a part of it that shows whose it is. */
type Owned = { customer: { id: string | null } };

/** Returns the customer of an order as an actor. A counter order has no customer's id, so its owner has an id that no user has. */
export const ownerOf = (order: Owned): Actor => ({ type: 'customer', id: order.customer.id ?? '' });

/** Whether an actor may see an order: its owner and the staff may. */
export const maySee = (order: Owned, actor: Actor): boolean => isStaff(actor) || actor.id === ownerOf(order).id;
