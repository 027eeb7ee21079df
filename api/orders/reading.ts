import type { OrderView, TimelineRow } from '../../db/orders.ts';
import type { Actor } from '../../domain/actor.ts';
import { maySee, placeOrder } from '../../domain/order/decider.ts';
import type { Order } from '../../domain/order/order.ts';
import type { OrderDependencies } from './dependencies.ts';

/** Reads orders from Postgres, or from their workflows if Postgres does not have them yet. */
export function createReading({ orders, workflows, users, customerNames }: OrderDependencies) {
  /** Returns an order, or undefined if the actor may not see it. @throws {OutcomeUnknownError} */
  async function find(orderId: string, actor: Actor, deadline: number): Promise<OrderView | undefined> {
    const view = (await orders.find(orderId)) ?? (await viewFromWorkflow(orderId, deadline));
    return view && maySee(view.order, actor) ? view : undefined;
  }

  async function viewFromWorkflow(orderId: string, deadline: number): Promise<OrderView | undefined> {
    const order = await orderFromWorkflow(orderId, deadline);
    return order && { order, customerName: await nameOf(order) };
  }

  const nameOf = async ({ id, customer }: Order): Promise<string | null> =>
    customer.id === null ? customerNames.find(id) : ((await users.find(customer.id))?.name ?? null);

  async function orderFromWorkflow(orderId: string, deadline: number): Promise<Order | undefined> {
    const history = await workflows.historyOf(orderId, deadline);
    if (!history) return undefined;
    return history.untouched ? placeOrder(history.placement).order : workflows.current(orderId, deadline);
  }

  /** Returns the timeline of an existing order, oldest first. @throws {OutcomeUnknownError} */
  async function timeline(orderId: string, deadline: number): Promise<TimelineRow[]> {
    const rows = await orders.timeline(orderId);
    if (rows.some(({ kind }) => kind === 'event')) return rows;
    const { facts = [] } = (await workflows.historyOf(orderId, deadline)) ?? {};
    return [...facts.map(({ event }) => ({ kind: 'event' as const, at: new Date(event.at), event })), ...rows];
  }

  return { find, timeline };
}
