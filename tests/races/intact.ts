import { channelOf } from '../../domain/order/channel.ts';
import type { Order, OrderEvent } from '../../domain/order/order.ts';
import { type Recipient, recipientsOf } from '../../domain/order/recipients.ts';
import { waitFor } from '../../stack/wait.ts';
import { allowedFrom, type Who } from '../domain/status-table.ts';
import type { Shop } from '../shop.ts';
import { runRounds } from './rounds.ts';

/** The timeout of deliveries, in ms. An email that a killed worker was sending is sent again only after a heartbeat timeout of 45 s. */
const TIMEOUT_MS = 90_000;

interface Recorded {
  event: OrderEvent;
  snapshot: Order;
}

/**
 * Checks the invariants of many orders at once: events, statuses, totals and emails. Waits for deliveries under way.
 *
 * @returns the orders by id
 */
export async function expectAllIntact(shop: Shop, ids: string[]): Promise<Map<string, Order>> {
  await waitUntilDelivered(shop, ids);
  const decided = new Map<string, Order>();
  await runRounds({ concurrency: 8, rounds: ids.length }, async (number) => {
    decided.set(ids[number]!, await decisionOf(shop, ids[number]!));
  });

  const rows = await shop.database('orders').whereIn('id', ids);
  expect(rows).toHaveLength(ids.length);
  const recorded = await recordsOf(shop, ids);
  for (const { id, status, version, snapshot } of rows) {
    expect(snapshot).toEqual(decided.get(id));
    expect({ status, version }).toEqual({ status: snapshot.status, version: snapshot.version });
    expectAddedUp(snapshot);
    expectLegal(recorded.get(id)!, snapshot);
  }
  return decided;
}

/** Checks that versions are 1 to n, that each move is an allowed transition, and that the row has the last state. */
function expectLegal(records: Recorded[], row: Order): void {
  expect(records.map(({ event }) => event.version)).toEqual(records.map((_, index) => index + 1));
  expect(records[0]!.event).toMatchObject({ type: 'order.placed', from: null, to: 'waiting' });
  expect(records.at(-1)!.snapshot).toEqual(row);
  let at = records[0]!.event.to;
  for (const { event } of records.slice(1)) {
    expect(event.from).toBe(at);
    const who: Who = event.actor.id === row.customer.id ? 'owner' : 'manager';
    const editor = channelOf(row) === 'counter' ? 'manager' : 'owner';
    if (event.type === 'order.edited') expect([who, event.from, event.to]).toEqual([editor, 'waiting', 'waiting']);
    else expect(allowedFrom(event.from!, who)).toContain(event.to);
    at = event.to;
  }
  for (const { snapshot } of records) expectAddedUp(snapshot);
}

/** Checks that the lines' totals add up to the order's, in integers. */
export function expectAddedUp({ lines, total }: Pick<Order, 'lines' | 'total'>): void {
  for (const line of lines) expect(line.total.amount).toBe(line.unitPrice.amount * line.quantity);
  expect(total.amount).toBe(lines.reduce((sum, line) => sum + line.total.amount, 0));
  expect(Number.isSafeInteger(total.amount)).toBe(true);
}

/** Returns the order from its workflow. */
async function decisionOf(shop: Shop, id: string): Promise<Order> {
  const handle = shop.workflow(id);
  const { status } = await handle.describe();
  return status.name === 'COMPLETED' ? handle.result() : handle.query<Order>('getOrder');
}

async function recordsOf(shop: Shop, ids: string[]): Promise<Map<string, Recorded[]>> {
  const rows = await shop.database('order_events').whereIn('order_id', ids).orderBy('position');
  const records = new Map<string, Recorded[]>(ids.map((id) => [id, []]));
  for (const { order_id, event, snapshot } of rows) records.get(order_id)!.push({ event, snapshot });
  return records;
}

/** Waits until every event is delivered to all recipients and the workflows of final orders have ended. */
async function waitUntilDelivered(shop: Shop, ids: string[]): Promise<void> {
  await waitFor(
    `The deliveries of ${ids.length} orders`,
    async () => {
      const records = await recordsOf(shop, ids);
      const due = [...records.values()]
        .flat()
        .flatMap(({ event, snapshot }) => [
          ...recipientsOf(event).map((recipient) => `${event.id} email ${recipient} ${outcomeOf(snapshot, recipient)}`),
          `${event.id} redis orders sent`,
        ]);
      const rows = await shop
        .database('deliveries')
        .whereIn('order_id', ids)
        .whereIn('outcome', ['sent', 'suppressed']);
      const settled = new Set(
        rows.map(({ event_id, channel, recipient, outcome }) => `${event_id} ${channel} ${recipient} ${outcome}`),
      );
      const missing = due.filter((delivery) => !settled.has(delivery));
      if (missing.length > 0) throw new Error(`the ledger lacks ${missing.length}, such as ${missing[0]}`);
      if (settled.size > due.length) throw new Error('the ledger has a delivery without an event');
      const empty = ids.filter((id) => records.get(id)!.length === 0);
      if (empty.length > 0) throw new Error(`no events are recorded of ${empty.length} orders, such as ${empty[0]}`);
      return true;
    },
    { deadline: TIMEOUT_MS, every: 200 },
  );
  const final = await shop
    .database('orders')
    .whereIn('id', ids)
    .whereIn('status', ['delivered', 'cancelled'])
    .pluck('id');
  await runRounds({ concurrency: 8, rounds: final.length }, (number) => shop.waitForEnd(final[number]));
}

/** Returns the outcome of an email. A counter order has no address of its customer. */
const outcomeOf = (order: Order, recipient: Recipient): 'sent' | 'suppressed' =>
  recipient === 'customer' && channelOf(order) === 'counter' ? 'suppressed' : 'sent';

/** Checks that each email of each event arrived once. */
export async function expectEmailedOnce(shop: Shop, ids: string[]): Promise<void> {
  const due = [...(await recordsOf(shop, ids)).values()].flat().flatMap(({ event, snapshot }) =>
    recipientsOf(event)
      .filter((recipient) => outcomeOf(snapshot, recipient) === 'sent')
      .map((recipient) => `${event.id} ${addresses[recipient]}`),
  );
  const arrived = shop.smtp.arrivals
    .map(({ mail, to }) => `${mail.headers.get('x-crema-event-id')} ${to.join()}`)
    .filter((mail) => ids.includes(mail.slice(0, 36)));
  expect(arrived.toSorted()).toEqual(due.toSorted());
}

export const addresses = { customer: 'customer@example.com', shop: 'shop@crema.example' };
