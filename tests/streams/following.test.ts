import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { serviceScopes } from '../../domain/scopes.ts';
import { waitFor } from '../../stack/wait.ts';
import { openAuthApi } from '../auth/auth-api.ts';
import { newCustomer, newManager, newService } from '../http/people.ts';
import { expectFaults, expectProblem } from '../http/problem.ts';
import { send } from '../http/wire.ts';
import { openShop, type Shop } from '../shop.ts';
import { type EventStream, type Follow, follow } from './event-stream.ts';

let shop: Shop;
let redis: Redis;
beforeAll(async () => {
  redis = new Redis(process.env.REDIS_URL as string);
  shop = await openShop({
    environment: {
      PUBLIC_URL: 'http://shop.example',
      STREAM_HEARTBEAT: '1',
      REQUEST_TIMEOUT: '5',
      HEADERS_TIMEOUT: '5',
      MAX_STREAMS_PER_USER: '6',
    },
  });
}, 60_000);
afterAll(async () => {
  redis?.disconnect();
  await shop?.close();
});

const waitOptions = { deadline: 20_000, every: 20 };
const open: EventStream[] = [];
afterEach(() => {
  for (const stream of open.splice(0)) stream.close();
});

async function listen(path: string, options: Follow = {}): Promise<EventStream> {
  const stream = await follow(shop, path, options);
  open.push(stream);
  return stream;
}

const followShop = (options: Follow = {}) => listen('/v1/orders/events', { as: shop.manager, ...options });
const followOrder = (id: string, options: Follow = {}) =>
  listen(`/v1/orders/${id}/events`, { as: shop.customer, ...options });
const placed = async (): Promise<string> => (await shop.place()).body.id;

/** Expects a problem instead of a stream. */
const refusal = ({ status, headers, text }: EventStream) => ({
  status,
  headers: new Headers(headers as Record<string, string>),
  body: JSON.parse(text),
});

async function expectRefusal(answer: Promise<EventStream>, code: Parameters<typeof expectProblem>[1]): Promise<void> {
  const stream = await answer;
  await stream.ends();
  expectProblem(refusal(stream), code);
}

const buyTicket = (body: object, as: string) => shop.request('POST', '/v1/stream-tickets', { as, body });

describe('the stream of an order', () => {
  let id: string;
  let mine: EventStream;
  beforeAll(async () => {
    id = await placed();
    mine = await followOrder(id, { headers: { 'accept-encoding': 'gzip, br' } });
    for (const next of ['preparation', 'ready', 'delivered'] as const) await shop.move(id, next);
    await mine.ends();
  }, 60_000);

  test('sends a snapshot, then every change until the order is final', () => {
    expect(mine.status).toBe(200);
    expect(mine.events.map(({ event, data }) => [event, (data.data ?? data).order.status])).toEqual([
      ['snapshot', 'waiting'],
      ['order.status_changed', 'preparation'],
      ['order.status_changed', 'ready'],
      ['order.status_changed', 'delivered'],
    ]);
  });

  test('is not cached, buffered or compressed', () => {
    expect(mine.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
    expect(mine.headers).not.toHaveProperty('content-encoding');
  });

  test('has the positions of the log as ids', async () => {
    const places = mine.events.map((each) => /^([0-9a-f]{12})-(\d+)$/.exec(each.id)!);
    expect(new Set(places.map(([, epoch]) => epoch)).size).toBe(1);
    const positions = await shop.database('order_events').where({ order_id: id }).orderBy('position').pluck('position');
    expect(places.map(([, , n]) => Number(n))).toEqual(positions);
  });

  test('shows customers no name and no ids of staff', () => {
    expect(mine.events[1]!.data).toMatchObject({
      specversion: '1.0',
      id: `${id}:2`,
      subject: id,
      source: 'http://shop.example/v1/orders',
    });
    expect(mine.events[1]!.data.data.actor).toEqual({ type: 'manager', id: null });
    expect(Object.keys(mine.events[1]!.data.data.order.customer)).toEqual(['id']);
  });

  test('resumes after any event, and is 204 after the last', async () => {
    const [snapshot, first, second, last] = mine.events.map((each) => each.id);
    for (const [after, count] of [
      [snapshot, 3],
      [first, 2],
      [second, 1],
    ] as const) {
      const rest = await followOrder(id, { after });
      await rest.ends();
      expect(rest.events).toEqual(mine.events.slice(-count));
    }
    const over = await followOrder(id, { after: last });
    expect([over.status, over.text]).toEqual([204, '']);
  });
});

describe('the stream of all orders', () => {
  test('starts with a snapshot of the open orders', async () => {
    const [waiting, cancelled] = [await placed(), await placed()];
    await shop.request('POST', `/v1/orders/${cancelled}/cancel`, { as: shop.customer });
    const [snapshot] = await (await followShop()).receives(1);
    const shown = snapshot!.data.orders.map((order: { id: string }) => order.id);
    expect([shown.includes(waiting), shown.includes(cancelled)]).toEqual([true, false]);
  });

  test('sends managers the same events as Redis, with the ids of staff', async () => {
    const id = await placed();
    const board = await followShop();
    await shop.move(id, 'preparation');
    await board.receives(2);
    expect(board.events[1]!.data.data.actor.id).toMatch(/^0c0ffee0/);
    const published = async () =>
      (await redis.xrevrange('orders:events', '+', '-', 'COUNT', 200)).map(([, fields]) => JSON.parse(fields[1]!));
    const isPublished = async () => (await published()).some(({ id }) => id === board.ids()[0]);
    await waitFor('The event in Redis', isPublished, waitOptions);
    expect(await published()).toContainEqual(board.events[1]!.data);
  });
});

/** Returns the ids of a snapshot of all orders and of two events after it. */
async function threePositions(): Promise<[string, string, string]> {
  const id = await placed();
  const board = await followShop();
  await shop.move(id, 'preparation');
  await shop.move(id, 'ready');
  return (await board.receives(3)).map((each) => each.id) as [string, string, string];
}

test('resumes from Last-Event-ID before ?after', async () => {
  const [from, first, second] = await threePositions();
  const byAddress = await listen(`/v1/orders/events?after=${first}`, { as: shop.manager });
  const byHeader = await listen(`/v1/orders/events?after=${from}`, { as: shop.manager, after: first });
  for (const stream of [byAddress, byHeader]) expect((await stream.receives(1))[0]!.id).toBe(second);
});

test('starts with a snapshot after a position of another log or beyond its end', async () => {
  const [epoch, n] = (await threePositions())[0].split('-') as [string, string];
  for (const after of [`000000000000-${n}`, `${epoch}-${Number(n) + 1_000_000}`]) {
    expect((await (await followShop({ after })).receives(1))[0]!.event).toBe('snapshot');
  }
});

test('rejects a malformed position', async () => {
  const malformed = await followShop({ after: '7' });
  await malformed.ends();
  expectFaults(refusal(malformed), ['last-event-id:']);
});

test('treats an empty position as absent', async () => {
  await placed();
  const board = await listen('/v1/orders/events?after=', { as: shop.manager, after: '' });
  const { event, id } = (await board.receives(1))[0]!;
  expect(event).toBe('snapshot');
  const { id: order } = (await shop.place()).body;
  const later = await listen(`/v1/orders/events?after=${id}`, { as: shop.manager, after: '' });
  expect((await later.receives(1))[0]!.data).toMatchObject({ subject: order });
});

test('starts with the workflow’s state while Postgres does not have the order yet', async () => {
  const id = await placed();
  const ledger = () => shop.database('deliveries').where({ event_id: `${id}:1`, channel: 'redis', outcome: 'sent' });
  await waitFor('The published event', async () => (await ledger()).length === 1, waitOptions);
  await shop.database('order_events').where({ order_id: id }).delete();
  await shop.database('orders').where({ id }).delete();
  const mine = await followOrder(id);
  expect((await mine.receives(1))[0]).toMatchObject({ event: 'snapshot', data: { order: { id, status: 'waiting' } } });
  expect(mine.events[0]!.data.order.customer).not.toHaveProperty('name');
});

test('stays open with heartbeats for longer than the request timeout', async () => {
  const board = await followShop();
  await waitFor('Seven heartbeats', () => board.heartbeats >= 7, waitOptions);
  expect(board.end).toBe('open');
});

test('answers HEAD with the headers of a stream', async () => {
  const head = await send(shop, 'HEAD', '/v1/orders/events', { authorization: `Bearer ${shop.manager}` });
  expect([head.status, head.headers.get('content-type'), head.body]).toEqual([
    200,
    'text/event-stream; charset=utf-8',
    '',
  ]);
});

describe('access to streams', () => {
  test('answers 404 for other or unknown orders and 403 for the shop to customers', async () => {
    const id = await placed();
    const { token } = await newCustomer(shop);
    await expectRefusal(followOrder(id, { as: token }), 'not_found');
    await expectRefusal(followOrder('0193a7e2-6f0c-7c4b-9d58-2b1f4c6e8a10'), 'not_found');
    await expectRefusal(followShop({ as: token }), 'forbidden');
    expectProblem(await buyTicket({ orderId: id }, token), 'not_found');
    expectProblem(await buyTicket({}, token), 'forbidden');
  });

  test('requires events:read of services, and orders:read or events:read of staff', async () => {
    const id = await placed();
    const unprivileged = (
      await newService(
        shop,
        serviceScopes.filter((scope) => scope !== 'events:read'),
      )
    ).token;
    await expectRefusal(followOrder(id, { as: unprivileged }), 'forbidden');
    await expectRefusal(followShop({ as: unprivileged }), 'forbidden');
    const follower = (await newService(shop, ['events:read'])).token;
    for (const stream of [await followOrder(id, { as: follower }), await followShop({ as: follower })]) {
      await stream.receives(1);
    }
    const form = { grant_type: 'password', client_id: 'crema', username: 'manager@example.com', password: 'test' };
    const body = new URLSearchParams({ ...form, scope: 'orders:write' });
    const narrow = (await (await fetch(`${shop.url}/oauth/token`, { method: 'POST', body })).json()) as {
      access_token: string;
    };
    await expectRefusal(followShop({ as: narrow.access_token }), 'forbidden');
    const refused = await shop.request('GET', '/v1/orders/events', { as: narrow.access_token });
    expect(refused.body.detail).toBe('The access token lacks the scope orders:read or events:read.');
    expect((await buyTicket({}, narrow.access_token)).body.detail).toBe(
      'The access token lacks the scope orders:read.',
    );
    await (await followShop({ as: shop.barista })).receives(1);
    expect((await buyTicket({}, shop.barista)).status).toBe(201);
  });
});

describe('a stream ticket', () => {
  test('is valid for one minute at most', async () => {
    const { status, body } = await buyTicket({ orderId: await placed() }, shop.customer);
    expect([status, Object.keys(body)]).toEqual([201, ['ticket', 'expiresAt']]);
    expect(Date.parse(body.expiresAt) - Date.now()).toBeGreaterThan(0);
    expect(Date.parse(body.expiresAt) - Date.now()).toBeLessThanOrEqual(60_000);
  });

  test('opens the stream of its order once, and no other path', async () => {
    const [id, other] = [await placed(), await placed()];
    const { ticket } = (await buyTicket({ orderId: id }, shop.customer)).body;
    const withTicket = (path: string) => listen(`${path}?ticket=${ticket}`);
    await (await withTicket(`/v1/orders/${id.toUpperCase()}/events`)).receives(1);
    for (const path of [
      `/v1/orders/${id}/events`,
      `/v1/orders/${other}/events`,
      '/v1/orders/events',
      `/v1/orders/${id}`,
      '/v1/me',
    ]) {
      const refused = await withTicket(path);
      await refused.ends();
      expect({ path, status: refused.status }).toEqual({ path, status: 401 });
    }
    expectProblem(await shop.request('GET', '/v1/me', { as: ticket }), 'unauthenticated');
  });

  test('for all orders opens only their stream', async () => {
    const { ticket } = (await buyTicket({}, shop.manager)).body;
    await (await listen(`/v1/orders/events?ticket=${ticket}`)).receives(1);
    await expectRefusal(listen(`/v1/orders/${await placed()}/events?ticket=${ticket}`), 'unauthenticated');
  });

  test('cannot be forged, or replaced by an access token', async () => {
    const { ticket } = (await buyTicket({}, shop.manager)).body;
    for (const wrong of [shop.manager, `${ticket}x`, 'a.b.c']) {
      await expectRefusal(listen(`/v1/orders/events?ticket=${wrong}`), 'unauthenticated');
    }
  });

  test('does not appear in logs', async () => {
    const { ticket } = (await buyTicket({}, shop.manager)).body;
    await (await listen(`/v1/orders/events?ticket=${ticket}`)).receives(1);
    await expectRefusal(listen(`/v1/orders/events?ticket=${ticket.slice(0, -9)}`), 'unauthenticated');
    await waitFor(
      'The line',
      () => readFileSync(shop.api.log, 'utf8').split('"path":"/v1/orders/events"').length > 2,
      waitOptions,
    );
    const [, payload, signature] = ticket.split('.');
    const log = readFileSync(shop.api.log, 'utf8');
    for (const secret of [ticket, payload, signature]) expect(log).not.toContain(secret);
  });
});

describe('the end of a credential', () => {
  test('ends the streams of a revoked token at once, and invalidates its ticket', async () => {
    const as = await shop.signIn('manager@example.com');
    const [{ ticket }, { ticket: unused }] = [(await buyTicket({}, as)).body, (await buyTicket({}, as)).body];
    const streams = [await followShop({ as }), await listen(`/v1/orders/events?ticket=${ticket}`)];
    const stays = await followShop();
    const form = new URLSearchParams({ client_id: 'crema', token: as });
    await fetch(`${shop.url}/oauth/revoke`, { method: 'POST', body: form });
    for (const stream of streams) await stream.ends();
    await expectRefusal(listen(`/v1/orders/events?ticket=${unused}`), 'unauthenticated');
    expect(stays.end).toBe('open');
  });

  test('ends the shop’s stream of a manager who lost the role', async () => {
    const manager = await newManager(shop);
    const board = await followShop({ as: manager.token });
    await board.receives(1);
    await shop.request('POST', `/v1/users/${manager.id}/demote`, { as: shop.manager });
    await board.ends();
    await expectRefusal(followShop({ as: manager.token }), 'forbidden');
  });

  test('ends the streams of an expired token and of its ticket', async () => {
    const authApi = await openAuthApi(shop.database);
    const { iss, aud } = JSON.parse(Buffer.from(shop.manager.split('.')[1]!, 'base64url').toString());
    const as = await authApi.forge({
      iss,
      aud,
      scope: 'events:read orders:read',
      exp: Math.floor(Date.now() / 1_000) + 12,
    });
    await authApi.close();
    const { ticket, expiresAt } = (await buyTicket({}, as)).body;
    const { ticket: unused } = (await buyTicket({}, as)).body;
    expect(Date.parse(expiresAt) - Date.now()).toBeLessThanOrEqual(12_000);
    const streams = [await followShop({ as }), await listen(`/v1/orders/events?ticket=${ticket}`)];
    for (const stream of streams) await stream.receives(1);
    for (const stream of streams) await stream.ends();
    await expectRefusal(listen(`/v1/orders/events?ticket=${unused}`), 'unauthenticated');
  }, 60_000);
});

test('refuses a stream above the user’s limit until one is closed', async () => {
  const { token: as } = await newManager(shop);
  const streams = await Promise.all(Array.from({ length: 6 }, () => followShop({ as })));
  await expectRefusal(followShop({ as }), 'too_many_streams');
  await (await followShop()).receives(1);
  streams[0]!.close();
  await waitFor('A free stream', async () => (await followShop({ as })).status === 200, waitOptions);
});

// Last: it stops the API.
test('ends all streams at once when the API stops, which exits cleanly', async () => {
  const board = await followShop();
  await board.receives(1);
  const { pid } = shop.api;
  process.kill(pid, 'SIGTERM');
  await board.ends();
  const exit = () => shop.exits.find((each) => each.pid === pid);
  await waitFor('The end of the API', () => exit() !== undefined, { deadline: 8_000 });
  expect(exit()).toMatchObject({ code: 0, signal: null });
}, 60_000);
