import { waitFor } from '../../stack/wait.ts';
import { changeStatusSignal } from '../../workflows/messages/definitions.ts';
import { fillDatabase } from '../databases.ts';
import { type Answer, openShop, type Shop } from '../shop.ts';
import { expectIntact, replayAll } from './aftermath.ts';
import { startOwn } from './own-services.ts';

let own: Awaited<ReturnType<typeof startOwn<'postgres'>>>;
let shop: Shop;
beforeAll(async () => {
  own = await startOwn('postgres');
  await fillDatabase(own.postgres.url);
  shop = await openShop({ databaseUrl: own.postgres.url });
}, 90_000);
afterAll(async () => {
  await shop?.close();
  await own?.stop();
}, 60_000);

const waitOptions = { deadline: 20_000, every: 100 };
const ready = () => shop.request('GET', '/health/ready');

describe('while Postgres is down after kill -9', () => {
  let order: string;
  let place: () => Promise<Answer>;

  beforeAll(async () => {
    const lines = [await shop.line('Tea')];
    place = () => shop.place({ body: { lines }, headers: { 'idempotency-key': 'tea' } });
    order = (await shop.place()).body.id;
    await expectIntact(shop, order);
    await own.postgres.kill();
  }, 30_000);

  test('answers 503 to requests that need Postgres', async () => {
    const answers = await Promise.all([
      place(),
      shop.readOrder(order),
      shop.request('GET', '/v1/orders', { as: shop.manager }),
      shop.request('GET', '/v1/catalog'),
      shop.move(order, 'preparation'),
      shop.request('GET', `/v1/orders/${order}/timeline`, { as: shop.manager }),
    ]);

    for (const { status, headers, body } of answers) {
      expect([status, body.code, headers.get('content-type')]).toEqual([
        503,
        'unavailable',
        expect.stringContaining('application/problem+json'),
      ]);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      expect(JSON.stringify(body)).not.toMatch(/ECONN|postgres:|node_modules/);
    }
  });

  test('stays live and reports which service is down', async () => {
    expect((await shop.request('GET', '/health/live')).status).toBe(200);
    const { status, body } = await ready();
    expect([status, body.parts]).toEqual([503, { postgres: 'down', temporal: 'up' }]);
  });

  test('records, mails and publishes later changes after Postgres restarts', async () => {
    await shop.workflow(order).signal(changeStatusSignal, { status: 'preparation' });
    await shop.workflow(order).signal(changeStatusSignal, { status: 'ready' });
    await own.postgres.start();
    await waitFor('The API', async () => (await ready()).status === 200, waitOptions);

    expect(await expectIntact(shop, order)).toMatchObject({ status: 'ready', version: 3 });
    expect((await shop.readOrder(order)).body).toMatchObject({ status: 'ready', version: 3 });
    const placed = await place();
    expect(placed.status).toBe(201);
    await expectIntact(shop, placed.body.id);
    expect(await shop.database('orders').pluck('id')).toHaveLength(2);
  }, 60_000);
});

describe('when Postgres rejects writes between the start and the journal of an order', () => {
  test('answers 201, reads the order from its workflow and writes the row later', async () => {
    const lock = await shop.database.transaction();
    await lock.raw('LOCK TABLE orders IN EXCLUSIVE MODE');

    const { status, body: order } = await shop.place();

    expect([status, order.status]).toEqual([201, 'waiting']);
    expect(await shop.database('orders').where({ id: order.id })).toEqual([]);
    const untouched = await shop.readOrder(order.id);
    expect([untouched.status, untouched.body]).toEqual([200, order]);
    await shop.workflow(order.id).signal(changeStatusSignal, { status: 'preparation' });
    await waitFor('The workflow', async () => (await shop.readOrder(order.id)).body.version === 2, waitOptions);
    const timeline = await shop.request('GET', `/v1/orders/${order.id}/timeline`, { as: shop.customer });
    expect(timeline.status).toBe(200);
    expect(timeline.body.data[0]).toMatchObject({ kind: 'event', type: 'order.placed', version: 1 });
    expect((await shop.readOrder(crypto.randomUUID())).status).toBe(404);

    await lock.rollback();
    expect(await expectIntact(shop, order.id)).toMatchObject({ status: 'preparation', version: 2 });
  }, 60_000);
});

test('replays every history of this file', async () => {
  expect(await replayAll(shop)).toBe(3);
}, 60_000);
