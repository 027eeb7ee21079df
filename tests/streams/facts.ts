import { randomUUID } from 'node:crypto';
import { placeOrder } from '../../domain/order/decider.ts';
import type { Fact, Placement } from '../../domain/order/order.ts';
import type { Status } from '../../domain/order/transitions.ts';
import { aPlacement, moveOf } from '../domain/an-order.ts';

/** Returns the facts of a new order that is moved along these statuses. */
export function orderFacts(path: Status[], placement: Partial<Placement> = {}): Fact[] {
  const facts = [placeOrder(aPlacement({ id: randomUUID(), ...placement }))];
  for (const to of path) facts.push(next(facts.at(-1)!, to));
  return facts;
}

/** Returns the next fact after a manager's move. */
export const next = ({ order }: Fact, to: Status): Fact => moveOf(order, to, new Date().toISOString());
