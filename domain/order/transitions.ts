import { type Actor, isStaff } from '../actor.ts';
import { channelOf } from './channel.ts';

export const statuses = ['waiting', 'preparation', 'ready', 'delivered', 'cancelled'] as const;
export type Status = (typeof statuses)[number];

type Party = 'staff' | 'owner';

/** The order's state machine: all legal transitions and the parties that may make them. */
const transitions: readonly { from: Status; to: Status; by: readonly Party[] }[] = [
  { from: 'waiting', to: 'preparation', by: ['staff'] },
  { from: 'preparation', to: 'waiting', by: ['staff'] },
  { from: 'preparation', to: 'ready', by: ['staff'] },
  { from: 'ready', to: 'delivered', by: ['staff'] },
  { from: 'waiting', to: 'cancelled', by: ['staff', 'owner'] },
  { from: 'preparation', to: 'cancelled', by: ['staff', 'owner'] },
];

/** The fields of an order that determine its allowed transitions. */
export interface OrderAccess {
  status: Status;
  customer: { id: string | null };
}

/** Returns the statuses that the actor may give the order, in the sequence of the table above. */
export function allowedTransitions(order: OrderAccess, actor: Actor): Status[] {
  return transitions
    .filter(({ from, by }) => from === order.status && by.some((party) => isParty(party, order, actor)))
    .map(({ to }) => to);
}

/** Whether the actor may edit the order in its current status. Orders can be edited while they are waiting. */
export const mayEdit = (order: OrderAccess, actor: Actor): boolean =>
  order.status === 'waiting' && isEditor(order, actor);

/** Whether the actor is an editor: an operator, the customer of an online order, or staff for a counter order. */
export function isEditor(order: Pick<OrderAccess, 'customer'>, actor: Actor): boolean {
  if (actor.type === 'operator') return true;
  return isParty(channelOf(order) === 'counter' ? 'staff' : 'owner', order, actor);
}

/** Whether the status has no further transitions. */
export const isFinal = (status: Status): boolean => !transitions.some(({ from }) => from === status);

export const openStatuses: readonly Status[] = statuses.filter((status) => !isFinal(status));

function isParty(party: Party, order: Pick<OrderAccess, 'customer'>, actor: Actor): boolean {
  return party === 'staff' ? isStaff(actor) : actor.id === order.customer.id;
}
