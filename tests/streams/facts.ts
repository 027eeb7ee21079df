import { randomUUID } from 'node:crypto';
import { decide, evolve, placeOrder } from '../../domain/order/decider.ts';
import type { Fact, Placement } from '../../domain/order/order.ts';
import type { Status } from '../../domain/order/transitions.ts';
import { aPlacement, toCommand } from '../domain/an-order.ts';
import { actors } from '../domain/status-table.ts';

/** Returns the facts of a new order that is moved along these statuses. */
export function orderFacts(path: Status[], placement: Partial<Placement> = {}): Fact[] {
  const facts = [placeOrder(aPlacement({ id: randomUUID(), ...placement }))];
  for (const to of path) facts.push(next(facts.at(-1)!, to));
  return facts;
}

/** Returns the next fact after a manager's move. */
export function next({ order }: Fact, to: Status): Fact {
  const event = decide(order, toCommand(to, { actor: actors.manager }), new Date().toISOString());
  if ('refused' in event) throw new Error(event.refused);
  return { event, order: evolve(order, event) };
}
