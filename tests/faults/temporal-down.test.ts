import { randomUUID } from 'node:crypto';
import { waitFor } from '../../stack/wait.ts';
import { lockWaits } from '../lock-waits.ts';
import { openShop, retryWhileUnknown, type Shop } from '../shop.ts';
import { expectIntact, replayAll } from './aftermath.ts';
import { startOwn } from './own-services.ts';
import { expectUnknown, moveOnce, timed } from './unknown.ts';

let own: Awaited<ReturnType<typeof startOwn<'temporal'>>>;
let shop: Shop;
beforeAll(async () => {
  own = await startOwn('temporal');
  shop = await openShop({ environment: own.environment });
}, 90_000);
afterAll(async () => {
  await shop?.close();
  await own?.stop();
}, 60_000);

const waitOptions = { deadline: 20_000, every: 100 };
const exitOf = (pid: number) => shop.exits.find((exit) => exit.pid === pid);
const ready = () => shop.request('GET', '/health/ready');

/** Sends one request for an order. The outcome may be unknown. */
const placeOnce = async (key?: string) =>
  shop.request('POST', '/v1/orders', {
    as: shop.customer,
    body: { lines: [await shop.line('Tea')] },
    headers: key ? { 'idempotency-key': key } : {},
  });

async function placed(): Promise<string> {
  const { status, body } = await shop.place();
  expect(status).toBe(201);
  return body.id;
}

/** Checks that requests with this key make one order. Returns its id. */
async function expectOneOrder(key: string): Promise<string> {
  const first = await retryWhileUnknown(() => placeOnce(key));
  expect(first.status).toBe(201);
  const again = await placeOnce(key);
  expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
  expect(again.body).toEqual(first.body);
  await expectIntact(shop, first.body.id);
  return first.body.id;
}

describe('while Temporal is down after kill -9', () => {
  let order: string;
  const keys: Record<'given' | 'made' | 'moved', string> = { given: randomUUID(), made: '', moved: '' };

  beforeAll(async () => {
    order = await placed();
    await expectIntact(shop, order);
    await own.temporal.kill();
  }, 30_000);

  test('answers outcome_unknown to orders and changes, with advice for a retry', async () => {
    const [given, made, moved] = await Promise.all([
      timed(() => placeOnce(keys.given)),
      timed(() => placeOnce()),
      timed(() => moveOnce(shop, order, 'preparation')),
    ]);

    expect(expectUnknown(given)).toBe(keys.given);
    keys.made = expectUnknown(made);
    keys.moved = expectUnknown(moved);
  });

  test('answers outcome_unknown to a resend', async () => {
    const { id } = await shop.database('deliveries').where({ order_id: order, recipient: 'customer' }).first();
    const path = `/v1/orders/${order}/notifications/${id}/resend`;
    const { status, body } = await shop.request('POST', path, { as: shop.manager });
    expect([status, body.code]).toEqual([503, 'outcome_unknown']);
  });

  test('still returns the menu and recorded orders', async () => {
    expect((await shop.request('GET', '/v1/catalog')).status).toBe(200);
    const read = await shop.readOrder(order);
    expect([read.status, read.body.version]).toEqual([200, 1]);
    expect((await shop.request('GET', '/v1/orders', { as: shop.manager })).body.data).toHaveLength(1);
  });

  test('stays live and reports which service is down', async () => {
    expect((await shop.request('GET', '/health/live')).status).toBe(200);
    const { status, body } = await ready();
    expect([status, body.parts]).toEqual([503, { postgres: 'up', temporal: 'down' }]);
  });

  test('reconnects by itself; retries make one order and one change', async () => {
    await own.temporal.start();
    await waitFor('The API', async () => (await ready()).status === 200, waitOptions);

    const ids = new Set([order, await expectOneOrder(keys.given), await expectOneOrder(keys.made)]);
    expect((await retryWhileUnknown(() => moveOnce(shop, order, 'preparation', keys.moved))).body.version).toBe(2);
    expect((await moveOnce(shop, order, 'preparation', keys.moved)).body.version).toBe(2);

    await expectIntact(shop, order);
    expect(new Set(await shop.database('orders').pluck('id'))).toEqual(ids);
  }, 60_000);
});

describe('while Temporal hangs', () => {
  test('answers before the deadline; a retry makes one order and one change', async () => {
    const order = await placed();
    await expectIntact(shop, order);
    const key = randomUUID();
    await own.temporal.kill('SIGSTOP');
    const [place, move, health] = await Promise.all([
      timed(() => placeOnce(key)),
      timed(() => moveOnce(shop, order, 'preparation')),
      ready(),
    ]);
    await own.temporal.kill('SIGCONT');

    expect(expectUnknown(place)).toBe(key);
    const moved = expectUnknown(move);
    expect(health.body.parts.temporal).toBe('down');
    await expectOneOrder(key);
    expect((await retryWhileUnknown(() => moveOnce(shop, order, 'preparation', moved))).body.version).toBe(2);
    await expectIntact(shop, order);
  }, 60_000);
});

describe('after worker and Temporal were killed between a change and its journal', () => {
  const orders: Record<'cancelled' | 'delivered' | 'untouched', string> = {
    cancelled: '',
    delivered: '',
    untouched: '',
  };
  const keys: string[] = [];
  /** Temporal repeats an activity of the killed worker after its heartbeat timeout of 45 s. */
  const afterKill = { timeoutMs: 75_000 };

  beforeAll(async () => {
    for (const name of Object.keys(orders) as (keyof typeof orders)[]) {
      orders[name] = await placed();
      await expectIntact(shop, orders[name]);
    }
    const ids = Object.values(orders);
    // The lock blocks writes to the table, but not reads.
    const lock = await shop.database.transaction();
    await lock.raw('LOCK TABLE orders IN EXCLUSIVE MODE');
    const answers = ids.map((id) => timed(() => moveOnce(shop, id, 'preparation')));
    await waitFor('The waiting activities', () => areWaitingForLock(ids), waitOptions);
    await Promise.all([shop.worker!.kill(), own.temporal.kill()]);
    keys.push(...(await Promise.all(answers)).map(expectUnknown));
    // Statements of the killed worker still wait for the lock, until their timeout.
    const waiting = () => shop.database('pg_locks').whereRaw(`relation = 'orders'::regclass AND NOT granted`);
    await waitFor('The end of these statements', async () => (await waiting()).length === 0, waitOptions);
    expect(await shop.database('orders').whereIn('id', ids).pluck('version')).toEqual([1, 1, 1]);
    await lock.rollback();
    await own.temporal.start();
    await shop.worker!.start();
    await waitFor('The API', async () => (await ready()).status === 200, waitOptions);
  }, 90_000);

  /** Returns whether the workflows have decided the change, and their activities wait for the lock. */
  async function areWaitingForLock(ids: string[]): Promise<boolean> {
    for (const id of ids) {
      const { events } = await shop.workflow(id).fetchHistory();
      if (!events?.some((event) => event.workflowExecutionUpdateCompletedEventAttributes)) return false;
    }
    const statements = await lockWaits(shop.database).where({ application_name: 'crema-worker' });
    return statements.length === ids.length;
  }

  test('keeps row and workflow equal for an order that is cancelled next', async () => {
    const cancel = () =>
      shop.request('POST', `/v1/orders/${orders.cancelled}/cancel`, {
        as: shop.customer,
        headers: { 'idempotency-key': 'cancel-it' },
      });

    expect((await retryWhileUnknown(cancel)).body).toMatchObject({ status: 'cancelled', version: 3 });

    expect(await expectIntact(shop, orders.cancelled, afterKill)).toMatchObject({ status: 'cancelled', version: 3 });
  }, 120_000);

  test('keeps row and workflow equal for an order that continues', async () => {
    for (const status of ['ready', 'delivered']) {
      expect((await retryWhileUnknown(() => moveOnce(shop, orders.delivered, status, `go-${status}`))).status).toBe(
        200,
      );
    }
    expect(await expectIntact(shop, orders.delivered, afterKill)).toMatchObject({ status: 'delivered', version: 4 });
  }, 120_000);

  test('keeps row and workflow equal without a further change; a retry returns the outcome', async () => {
    expect(await expectIntact(shop, orders.untouched, afterKill)).toMatchObject({ status: 'preparation', version: 2 });

    const retry = await moveOnce(shop, orders.untouched, 'preparation', keys[2]!);

    expect([retry.status, retry.headers.get('idempotency-replayed'), retry.body.version]).toEqual([200, 'true', 2]);
  }, 120_000);
});

test('replays every history of this file', async () => {
  expect(await replayAll(shop)).toBe(8);
}, 60_000);

describe('while Temporal is unavailable', () => {
  beforeAll(() => own.temporal.kill());

  test('stops the API without cutting requests', async () => {
    const { pid } = shop.api;
    const numbers = () => shop.database('order_numbers').first('last_value');
    const before = await numbers();
    const request = timed(() => placeOnce());
    await waitFor('The request', async () => (await numbers()).last_value !== before.last_value, waitOptions);

    process.kill(pid, 'SIGTERM');

    expectUnknown(await request);
    await waitFor('The end of the API', () => exitOf(pid) !== undefined, waitOptions);
    expect(exitOf(pid)).toMatchObject({ code: 0, signal: null });
  }, 60_000);

  test('stops the worker', async () => {
    const { pid } = shop.worker!;

    process.kill(pid, 'SIGTERM');

    await waitFor('The end of the worker', () => exitOf(pid) !== undefined, { deadline: 40_000 });
    expect(exitOf(pid)).toMatchObject({ code: 0, signal: null });
  }, 60_000);
});
