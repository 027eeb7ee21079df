import { DefaultLogger, Runtime } from '@temporalio/worker';
import { evolve } from '../../domain/order/decider.ts';
import type { Order, OrderEvent } from '../../domain/order/order.ts';
import { recipientsOf } from '../../domain/order/recipients.ts';
import { allowedTransitions, isFinal } from '../../domain/order/transitions.ts';
import { waitFor } from '../../stack/wait.ts';
import { getOrderQuery } from '../../workflows/messages/definitions.ts';
import type { Shop } from '../shop.ts';
import { sharedBundle } from '../workflow-bundle.ts';
import { replayErrors } from '../workflows/replay.ts';

/** The default timeout of missing deliveries, in ms. It is longer than the longest pause between two attempts in these tests. */
const TIMEOUT_MS = 30_000;

interface Promised {
  /** Returns the emails that arrived at another server than the shop's own SMTP server. */
  emailsAbout?: (orderId: string) => Promise<{ eventId: string; to: string }[]>;
  /** The timeout of missing deliveries, in ms. */
  timeoutMs?: number;
}

/** Checks the invariants of an order after a fault, once its deliveries have ended. Returns the order. */
export async function expectIntact(shop: Shop, orderId: string, promised: Promised = {}): Promise<Order> {
  await settled(shop, orderId, promised.timeoutMs);

  const rows = await shop.database('orders').where({ id: orderId });
  expect(rows).toHaveLength(1);
  const row = rows[0].snapshot as Order;
  expect(row).toEqual(await decided(shop, orderId));
  expect(rows[0]).toMatchObject({ status: row.status, version: row.version });
  expect(row.total.amount).toBe(row.lines.reduce((sum, { total }) => sum + total.amount, 0));

  const recorded = await shop.database('order_events').where({ order_id: orderId }).orderBy('position');
  const events = recorded.map(({ event }) => event as OrderEvent);
  expect(events.map(({ version }) => version)).toEqual(events.map((_, index) => index + 1));
  expect(events.slice(1).reduce<Order>(evolve, recorded[0].snapshot)).toEqual(row);
  for (const { from, to, actor } of events.slice(1)) {
    expect(allowedTransitions({ status: from!, customer: row.customer }, actor)).toContain(to);
  }

  await expectEmailed(shop, events, promised);
  return row;
}

/** Waits until each delivery of each event has an outcome in the ledger. */
async function settled(shop: Shop, orderId: string, deadline = TIMEOUT_MS): Promise<void> {
  await waitFor(
    `The deliveries of order ${orderId}`,
    async () => {
      const { status, version } = await decided(shop, orderId);
      const ended = (await shop.workflow(orderId).describe()).status.name === 'COMPLETED';
      const events = await shop.database('order_events').where({ order_id: orderId }).pluck('event');
      const due = events.flatMap((event: OrderEvent) => [
        ...recipientsOf(event).map((recipient) => `${event.id} email ${recipient}`),
        `${event.id} redis orders`,
      ]);
      const ledger = await shop.database('deliveries').where({ order_id: orderId }).whereNot({ outcome: 'retrying' });
      const done = new Set(ledger.map(({ event_id, channel, recipient }) => `${event_id} ${channel} ${recipient}`));
      const missing = due.filter((delivery) => !done.has(delivery));
      if (missing.length > 0) throw new Error(`the ledger lacks ${missing.join(', ')}`);
      return events.length === version && ended === isFinal(status);
    },
    { deadline, every: 100 },
  );
}

/** Returns the order from its workflow. */
async function decided(shop: Shop, orderId: string): Promise<Order> {
  const handle = shop.workflow(orderId);
  const { status } = await handle.describe();
  return status.name === 'COMPLETED' ? handle.result() : handle.query(getOrderQuery);
}

async function expectEmailed(shop: Shop, events: OrderEvent[], { emailsAbout }: Promised): Promise<void> {
  const orderId = events[0]!.orderId;
  const ledger = await shop.database('deliveries').where({ order_id: orderId, channel: 'email', outcome: 'sent' });
  const arrived = emailsAbout ? await emailsAbout(orderId) : shop.emailsAbout(orderId);
  const addresses: Record<string, string> = { customer: 'customer@example.com', shop: 'shop@crema.example' };
  for (const { event_id, recipient } of ledger) {
    const same = arrived.filter(({ eventId, to }) => eventId === event_id && to === addresses[recipient]);
    expect(same).toHaveLength(1);
  }
  const sent = new Set(ledger.map(({ event_id, recipient }) => `${event_id} ${addresses[recipient]}`));
  for (const { eventId, to } of arrived) expect(sent).toContain(`${eventId} ${to}`);
}

// Log only warnings, because at the default level, each replay logs the states of its worker.
Runtime.install({ logger: new DefaultLogger('WARN') });

/** Replays the history of every order of this shop with the current code. Returns their number. */
export async function replayAll(shop: Shop): Promise<number> {
  const ids: string[] = await shop.database('orders').pluck('id');
  const histories = ids.map(async (id) => {
    const { workflowId } = shop.workflow(id);
    return { workflowId, history: await shop.workflow(id).fetchHistory() };
  });
  const options = { workflowBundle: sharedBundle(), dataConverter: shop.dataConverter };
  const errors = await replayErrors(options, await Promise.all(histories));
  for (const [workflowId, error] of errors) {
    if (error) throw new Error(`${workflowId} does not replay`, { cause: error });
  }
  return errors.size;
}
