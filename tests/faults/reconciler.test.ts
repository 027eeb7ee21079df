import { reconcileOrders } from '../../activities/reconcile-orders.ts';
import { createJournal } from '../../db/journal.ts';
import { createOrderRepository } from '../../db/orders.ts';
import { createWorkflowRecords } from '../../worker/workflow-records.ts';
import { openShop, type Shop } from '../shop.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, 60_000);
afterAll(() => shop.close());

/** The reconciler over this shop's orders alone: other test files share the Temporal server. */
function reconcile(...orderIds: string[]) {
  const records = createWorkflowRecords(shop.temporal);
  async function* list() {
    for (const orderId of orderIds) {
      const record = await records.find(orderId);
      if (record) yield record;
    }
  }
  const orders = createOrderRepository(shop.database);
  return reconcileOrders({ records: { ...records, list }, orders, journal: createJournal(shop.database) });
}

const everything = async (orderId: string) => ({
  row: await shop.database('orders').where({ id: orderId }).first(),
  events: (await shop.database('order_events').where({ order_id: orderId }).orderBy('version')).map(
    ({ position: _, ...event }) => event,
  ),
});

async function forget(orderId: string, fromVersion = 1): Promise<void> {
  const { database } = shop;
  const kept = await database('order_events')
    .where({ order_id: orderId, version: fromVersion - 1 })
    .first();
  await database('order_events').where({ order_id: orderId }).where('version', '>=', fromVersion).delete();
  await database('deliveries').where({ order_id: orderId }).delete();
  if (!kept) return database('orders').where({ id: orderId }).delete();
  const { status, version } = kept.snapshot;
  await database('orders')
    .where({ id: orderId })
    .update({ status, version, snapshot: JSON.stringify(kept.snapshot) });
}

describe('When Postgres was restored from an older backup', () => {
  test('then the reconciler brings every order back as it was, and sends no email again', async () => {
    const [early, middle, open] = await Promise.all([shop.place(), shop.place(), shop.place()]);
    for (const { body } of [early, middle]) {
      for (const status of ['preparation', 'ready', 'delivered'] as const) await shop.move(body.id, status);
    }
    await shop.request('PATCH', `/v1/orders/${open.body.id}`, { as: shop.customer, body: { note: 'Hot' } });
    await shop.move(open.body.id, 'preparation');
    await Promise.all([shop.finished(early.body.id), shop.finished(middle.body.id)]);
    const ids = [early.body.id, middle.body.id, open.body.id];
    const before = await Promise.all(ids.map(everything));
    const mails = () => ids.map((id) => shop.mailed(id).length);
    const sent = mails();
    await forget(early.body.id);
    await forget(middle.body.id, 3);
    await forget(open.body.id, 2);

    const first = await reconcile(...ids);
    const second = await reconcile(...ids);

    expect(first).toMatchObject({ checked: 3, repaired: ids, unrepairable: [] });
    expect(second).toMatchObject({ repaired: [], unrepairable: [] });
    expect(await Promise.all(ids.map(everything))).toEqual(before);
    await shop.move(open.body.id, 'ready');
    expect(mails().slice(0, 2)).toEqual(sent.slice(0, 2));
  });
});

describe('When the reconciler finds what it cannot repair', () => {
  test('then it says which order, and why', async () => {
    const { body: terminated } = await shop.place();
    await shop.workflow(terminated.id).terminate('by an operator');
    const lost = crypto.randomUUID();
    const { body: placed } = await shop.place();
    const row = await shop.database('orders').where({ id: placed.id }).first();
    await shop.database('orders').insert({ ...row, id: lost, snapshot: JSON.stringify({ ...row.snapshot, id: lost }) });
    const { body: ahead } = await shop.place();
    const snapshot = { ...ahead, version: 9 };
    await shop
      .database('orders')
      .where({ id: ahead.id })
      .update({ version: 9, snapshot: JSON.stringify(snapshot) });

    const { repaired, unrepairable } = await reconcile(terminated.id, placed.id, ahead.id);

    expect(repaired).toEqual([]);
    const whys = Object.fromEntries(unrepairable.map(({ orderId, why }) => [orderId, why]));
    expect(whys[terminated.id]).toContain('TERMINATED');
    expect(whys[lost]).toContain('Temporal knows no workflow of it');
    expect(whys[ahead.id]).toContain('version 9');
    expect(Object.keys(whys)).toHaveLength(3);
  });
});
