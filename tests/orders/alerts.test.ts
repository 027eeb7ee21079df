import { waitFor } from '../../stack/wait.ts';
import { openShop, type Shop } from '../shop.ts';

/** Leaves a busy machine the time for changes before the alert, in seconds. */
const DELAYED_AFTER = 10;

let shop: Shop;
beforeAll(async () => {
  const environment = { ORDER_DELAYED_AFTER: String(DELAYED_AFTER), ORDER_UNCOLLECTED_AFTER: '2' };
  shop = await openShop({ environment });
}, 60_000);
afterAll(() => shop.close());

const read = async (id: string) => (await shop.readOrder(id)).body;
const alertsOf = async (id: string) => (await shop.timeline(id)).filter(({ kind }) => kind === 'alert');
const flagged = (id: string, flag: string) =>
  waitFor(`the flag ${flag}`, async () => (await read(id)).flags.includes(flag), { deadline: 25_000 });

describe('an order that stays in one status', () => {
  test('is emailed once to the shop if waiting and once to the customer if ready', async () => {
    const { body: order } = await shop.place();

    await flagged(order.id, 'delayed');
    expect(await read(order.id)).toMatchObject({ status: 'waiting', version: 1 });
    await shop.move(order.id, 'preparation');
    await shop.move(order.id, 'waiting');
    await shop.move(order.id, 'preparation');
    await shop.move(order.id, 'ready');
    await flagged(order.id, 'uncollected');
    expect(await read(order.id)).toMatchObject({ status: 'ready', version: 5, flags: ['delayed', 'uncollected'] });
    await shop.move(order.id, 'delivered');
    await shop.waitForEnd(order.id);

    const reminders = shop.emailsAbout(order.id).filter(({ eventId }) => eventId.split(':').length === 3);
    expect(reminders.map(({ eventId, to }) => `${eventId.split(':').slice(1).join(':')} ${to}`)).toEqual([
      '1:delayed shop@crema.example',
      '5:uncollected customer@example.com',
    ]);
    expect(await alertsOf(order.id)).toMatchObject([
      { type: 'order.delayed', version: 1, actor: { type: 'system' } },
      { type: 'order.uncollected', version: 5 },
    ]);
  }, 60_000);

  test('restarts the timer when the order returns to waiting', async () => {
    const { body: order } = await shop.place();
    await shop.move(order.id, 'preparation');
    await shop.move(order.id, 'waiting');
    const back = Date.parse((await read(order.id)).updatedAt);

    await flagged(order.id, 'delayed');

    const [alert] = await alertsOf(order.id);
    expect(alert?.version).toBe(3);
    expect(Date.parse(alert!.at) - back).toBeGreaterThanOrEqual(DELAYED_AFTER * 1_000);
  }, 60_000);

  test('replays of an unchanged edit return the flags of the first answer', async () => {
    const { body: order } = await shop.place();
    const editWith = (key: string) =>
      shop.requestUntilKnown('PATCH', `/v1/orders/${order.id}`, {
        as: shop.customer,
        body: { location: order.location },
        headers: { 'idempotency-key': key },
      });

    const before = await editWith('before');
    await flagged(order.id, 'delayed');
    const after = await editWith('after');
    for (const status of ['preparation', 'ready', 'delivered'] as const) await shop.move(order.id, status);
    await shop.waitForEnd(order.id);

    expect([before.body.flags, after.body.flags]).toEqual([[], ['delayed']]);
    expect((await editWith('before')).body).toEqual(before.body);
    expect((await editWith('after')).body).toEqual(after.body);
  }, 60_000);
});
