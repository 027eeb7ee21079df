import { type Actor, isStaff } from '../actor.ts';

/** What an order can be, in the order in which it usually becomes it. */
export const statuses = ['waiting', 'preparation', 'ready', 'delivered', 'cancelled'] as const;
export type Status = (typeof statuses)[number];

type Party = 'staff' | 'owner';

/** The whole state machine: one edge a line, with who may take it (design §3). Whatever is not here is illegal. */
const transitions: readonly { from: Status; to: Status; by: readonly Party[] }[] = [
  { from: 'waiting', to: 'preparation', by: ['staff'] },
  { from: 'preparation', to: 'waiting', by: ['staff'] },
  { from: 'preparation', to: 'ready', by: ['staff'] },
  { from: 'ready', to: 'delivered', by: ['staff'] },
  { from: 'waiting', to: 'cancelled', by: ['staff', 'owner'] },
  { from: 'preparation', to: 'cancelled', by: ['staff', 'owner'] },
];

/** An order to the eyes of the table: where it stands and whose it is. */
export interface OrderAccess {
  status: Status;
  customer: { id: string };
}

/** Where this actor may move this order, in the table's order. */
export function allowedTransitions(order: OrderAccess, actor: Actor): Status[] {
  return transitions
    .filter(({ from, by }) => from === order.status && by.some((party) => isParty(party, order, actor)))
    .map(({ to }) => to);
}

/** Whether this actor may change what was ordered: the owner, or someone at Temporal's controls, while nobody prepares it. */
export const mayEdit = (order: OrderAccess, actor: Actor): boolean =>
  order.status === 'waiting' && (actor.type === 'operator' || isParty('owner', order, actor));

/** No edge leaves a final status. */
export const isFinal = (status: Status): boolean => !transitions.some(({ from }) => from === status);

/** What an order is as long as it can go somewhere. */
export const openStatuses: readonly Status[] = statuses.filter((status) => !isFinal(status));

function isParty(party: Party, order: OrderAccess, actor: Actor): boolean {
  return party === 'staff' ? isStaff(actor) : actor.id === order.customer.id;
}
