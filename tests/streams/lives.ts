import { randomUUID } from 'node:crypto';
import { decide, evolve, placeOrder } from '../../domain/order/decider.ts';
import type { Fact, Placement } from '../../domain/order/order.ts';
import type { Status } from '../../domain/order/transitions.ts';
import { aPlacement, toCommand } from '../domain/an-order.ts';
import { actors } from '../domain/status-table.ts';

/** All that happens to an order that was just placed and is then moved along these statuses, in its order. */
export function aLife(path: Status[], placement: Partial<Placement> = {}): Fact[] {
  const facts = [placeOrder(aPlacement({ id: randomUUID(), ...placement }))];
  for (const to of path) facts.push(next(facts.at(-1)!, to));
  return facts;
}

/** What comes next when a manager moves the order. */
export function next({ order }: Fact, to: Status): Fact {
  const event = decide(order, toCommand(to, { actor: actors.manager }), new Date().toISOString());
  if ('refused' in event) throw new Error(event.refused);
  return { event, order: evolve(order, event) };
}
