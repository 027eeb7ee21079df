import { type Actor, isStaff } from '../actor.ts';

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
  customer: { id: string };
}

/** Returns the statuses that the actor may give the order, in the sequence of the table above. */
export function allowedTransitions(order: OrderAccess, actor: Actor): Status[] {
  return transitions
    .filter(({ from, by }) => from === order.status && by.some((party) => isParty(party, order, actor)))
    .map(({ to }) => to);
}

/** Whether the actor may edit the order: its customer or an operator may, while it is waiting. */
export const mayEdit = (order: OrderAccess, actor: Actor): boolean =>
  order.status === 'waiting' && (actor.type === 'operator' || isParty('owner', order, actor));

/** Whether the status has no further transitions. */
export const isFinal = (status: Status): boolean => !transitions.some(({ from }) => from === status);

export const openStatuses: readonly Status[] = statuses.filter((status) => !isFinal(status));

function isParty(party: Party, order: OrderAccess, actor: Actor): boolean {
  return party === 'staff' ? isStaff(actor) : actor.id === order.customer.id;
}
