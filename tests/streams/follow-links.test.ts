import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { decodeJwt } from 'jose';
import { waitFor } from '../../stack/wait.ts';
import { newCustomer, newService } from '../http/people.ts';
import { expectFaults, expectProblem } from '../http/problem.ts';
import { send } from '../http/wire.ts';
import { bundleForKeys, newSetting } from '../security/payload-keys.ts';
import { type Answer, openShop, type Shop } from '../shop.ts';
import { type EventStream, follow } from './event-stream.ts';

const waitOptions = { deadline: 20_000, every: 20 };
const DAY_MS = 24 * 60 * 60_000;

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({
    environment: {
      PUBLIC_URL: 'http://shop.example',
      PAYLOAD_KEYS: `${newSetting('new')},${newSetting('old')}`,
      WORKFLOW_BUNDLE: await bundleForKeys(),
      MAX_STREAMS_PER_USER: '3',
    },
  });
}, 60_000);
afterAll(() => shop?.close());

const open: EventStream[] = [];
afterEach(() => {
  for (const stream of open.splice(0)) stream.close();
});

const placed = async (): Promise<string> => (await shop.place()).body.id;

async function tokenOf(orderId: string, as = shop.manager): Promise<string> {
  const { body } = await shop.request('GET', `/v1/orders/${orderId}/follow-link`, { as });
  return body.url.split('#')[1];
}

const exchange = (orderId: string, followToken: string): Promise<Answer> =>
  shop.request('POST', '/v1/stream-tickets', { body: { orderId, followToken } });

async function ticketFor(orderId: string): Promise<string> {
  return (await exchange(orderId, await tokenOf(orderId))).body.ticket;
}

async function listen(path: string, as?: string): Promise<EventStream> {
  const stream = await follow(shop, path, as ? { as } : {});
  open.push(stream);
  return stream;
}

/** Follows an order with its link. */
const followByLink = async (orderId: string, after = ''): Promise<EventStream> =>
  listen(`/v1/orders/${orderId}/events?ticket=${await ticketFor(orderId)}&after=${after}`);

/** Makes an order end earlier in the read model. */
async function endEarlier(id: string, ms: number): Promise<void> {
  const { snapshot } = await shop.database('orders').where({ id }).first();
  const updatedAt = new Date(Date.parse(snapshot.updatedAt) - ms).toISOString();
  await shop
    .database('orders')
    .where({ id })
    .update({ snapshot: JSON.stringify({ ...snapshot, updatedAt }) });
}

async function deliver(id: string): Promise<void> {
  for (const next of ['preparation', 'ready', 'delivered'] as const) await shop.move(id, next);
  await shop.waitForEnd(id);
}

describe('the token of a follow link', () => {
  test('opens the stream that the customer gets, from the snapshot to the end', async () => {
    const id = await placed();
    const [byLink, own] = [await followByLink(id), await listen(`/v1/orders/${id}/events`, shop.customer)];
    await deliver(id);
    for (const stream of [byLink, own]) await stream.ends();
    expect(byLink.events.map(({ event }) => event)).toEqual(['snapshot', ...Array(3).fill('order.status_changed')]);
    expect(byLink.events).toEqual(own.events);
    expect(byLink.events[1]!.data.data.actor).toEqual({ type: 'manager', id: null });
    const rest = await followByLink(id, byLink.events[1]!.id);
    await rest.ends();
    expect(rest.events).toEqual(own.events.slice(2));
    const over = await followByLink(id, byLink.events.at(-1)!.id);
    expect([over.status, over.text]).toEqual([204, '']);
  });

  test('opens the stream of a counter order, without the name and the ids of staff', async () => {
    const body = { lines: [await shop.line('Tea')], customerName: 'Ana' };
    const { id } = (await shop.place({ as: shop.barista, body })).body;
    const stream = await followByLink(id);
    await shop.move(id, 'preparation');
    const [snapshot, moved] = await stream.receives(2);
    const seen = { customer: { id: null }, placedBy: { type: 'barista', id: null } };
    expect(snapshot!.data.order).toMatchObject(seen);
    expect(moved!.data.data).toMatchObject({ order: seen, actor: { type: 'manager', id: null } });
    expect(stream.events.map(({ data }) => JSON.stringify(data)).join()).not.toContain('Ana');
  });

  test('works while Postgres does not have the order yet', async () => {
    const id = await placed();
    const ledger = () => shop.database('deliveries').where({ event_id: `${id}:1`, channel: 'redis', outcome: 'sent' });
    await waitFor('The published event', async () => (await ledger()).length === 1, waitOptions);
    await shop.database('order_events').where({ order_id: id }).delete();
    await shop.database('orders').where({ id }).delete();
    const [snapshot] = await (await followByLink(id)).receives(1);
    expect(snapshot).toMatchObject({ event: 'snapshot', data: { order: { id, status: 'waiting' } } });
  });

  test('works after the customer was erased', async () => {
    const guest = await newCustomer(shop);
    const { id } = (await shop.place({ as: guest.token })).body;
    const followToken = await tokenOf(id);
    await shop.request('DELETE', '/v1/me', { as: guest.token, body: { password: guest.password } });
    const { ticket } = (await exchange(id, followToken)).body;
    const [snapshot] = await (await listen(`/v1/orders/${id}/events?ticket=${ticket}`)).receives(1);
    expect(snapshot!.data.order).toMatchObject({ id, customer: { id: guest.id } });
  });

  test('is valid in any case of the order’s id, and with an access token', async () => {
    const id = await placed();
    const body = { orderId: id.toUpperCase(), followToken: await tokenOf(id) };
    for (const as of ['', (await newCustomer(shop)).token]) {
      const { status, body: bought } = await shop.request('POST', '/v1/stream-tickets', { ...(as && { as }), body });
      expect(status).toBe(201);
      await (await listen(`/v1/orders/${id.toUpperCase()}/events?ticket=${bought.ticket}`)).receives(1);
    }
  });

  test('gets a ticket for one minute, whose stream ends after ten', async () => {
    const id = await placed();
    const { status, body, headers } = await exchange(id, await tokenOf(id));
    expect([status, Object.keys(body), headers.get('cache-control')]).toEqual([
      201,
      ['ticket', 'expiresAt'],
      'no-store',
    ]);
    expect(Date.parse(body.expiresAt) - Date.now()).toBeLessThanOrEqual(60_000);
    const { token } = decodeJwt<{ token: { expiresAt: number } }>(body.ticket);
    expect(token.expiresAt - Date.now()).toBeLessThanOrEqual(10 * 60_000);
  });

  test('is valid until a day after the order has ended', async () => {
    const id = await placed();
    const followToken = await tokenOf(id);
    await deliver(id);
    await endEarlier(id, DAY_MS - 10 * 60_000);
    expect((await exchange(id, followToken)).status).toBe(201);
    await endEarlier(id, 11 * 60_000);
    expectProblem(await exchange(id, followToken), 'not_found');
  });

  test('is valid for more than a day while the order is open', async () => {
    const id = await placed();
    await endEarlier(id, 3 * DAY_MS);
    expect((await exchange(id, await tokenOf(id))).status).toBe(201);
  });

  test('is refused alike if it is wrong, of another order, or of an unknown order', async () => {
    const [id, other] = [await placed(), await placed()];
    const right = await tokenOf(id);
    const unknown = randomUUID();
    const wrong = ['', 'x', right.slice(0, -1), `${right}A`, `${right}=`, right.toLowerCase(), 'é'.repeat(43)];
    const answers = [
      ...(await Promise.all(wrong.map((token) => exchange(id, token)))),
      await exchange(id, await tokenOf(other)),
      await exchange(unknown, right),
    ];
    for (const answer of answers) expectProblem(answer, 'not_found');
    expect(new Set(answers.map(({ body }) => body.detail)).size).toBe(1);
  });

  test('requires orderId, and is a text of at most 100 characters', async () => {
    const request = (body: object) => shop.request('POST', '/v1/stream-tickets', { body });
    const id = await placed();
    const followToken = await tokenOf(id);
    expectFaults(await request({ followToken }), ['#/orderId']);
    for (const odd of ['x'.repeat(101), 7, null, [followToken]]) {
      expectFaults(await request({ orderId: id, followToken: odd }), ['#/followToken']);
    }
  });

  test('is needed without an access token', async () => {
    for (const body of [{}, { orderId: await placed() }]) {
      expectProblem(await shop.request('POST', '/v1/stream-tickets', { body }), 'unauthenticated');
    }
  });

  test('does not replace the scope of an access token', async () => {
    const { token: as } = await newService(shop, ['orders:place']);
    const id = await placed();
    const body = { orderId: id, followToken: await tokenOf(id) };
    expectProblem(await shop.request('POST', '/v1/stream-tickets', { as, body }), 'forbidden');
  });
});

describe('the ticket of a follow link', () => {
  test('opens the stream of its order once, and no other path', async () => {
    const [id, other] = [await placed(), await placed()];
    const ticket = await ticketFor(id);
    const withTicket = (path: string) => listen(`${path}?ticket=${ticket}`);
    expect((await send(shop, 'HEAD', `/v1/orders/${id}/events?ticket=${ticket}`)).status).toBe(401);
    for (const path of [`/v1/orders/${other}/events`, '/v1/orders/events', `/v1/orders/${id}`, '/v1/me']) {
      expect({ path, status: (await withTicket(path)).status }).toEqual({ path, status: 401 });
    }
    await (await withTicket(`/v1/orders/${id}/events`)).receives(1);
    expect((await withTicket(`/v1/orders/${id}/events`)).status).toBe(401);
    expectProblem(await shop.request('GET', `/v1/orders/${id}`, { as: ticket }), 'unauthenticated');
  });

  test('counts against the limit of streams of its link, not of the customer', async () => {
    const id = await placed();
    for (let count = 0; count < 3; count += 1) await (await followByLink(id)).receives(1);
    expect((await followByLink(id)).status).toBe(429);
    await (await followByLink(await placed())).receives(1);
    await (await listen(`/v1/orders/${id}/events`, shop.customer)).receives(1);
  });
});

describe('emails about an order', () => {
  const textsAbout = (id: string, to: string) =>
    shop.smtp.arrivals
      .filter(({ mail, to: [recipient] }) => mail.text?.includes(id) && recipient === to)
      .map(({ mail }) => `${mail.text}${mail.html}`);
  const boardOf = (id: string) => `http://shop.example/board#${id}`;

  test('link to the follow page for the customer, and to the board for the shop', async () => {
    const id = await placed();
    await shop.request('POST', `/v1/orders/${id}/cancel`, { as: shop.customer });
    await shop.waitForEnd(id);
    const { url } = (await shop.request('GET', `/v1/orders/${id}/follow-link`, { as: shop.customer })).body;
    const [toCustomer, toShop] = ['customer@example.com', 'shop@crema.example'].map((to) => textsAbout(id, to));
    expect([toCustomer!.length, toShop!.length]).toEqual([2, 2]);
    for (const text of toCustomer!) expect([text.split(url).length, text.includes('/board#')]).toEqual([3, false]);
    for (const text of toShop!) expect([text.split(boardOf(id)).length, text.includes('/follow#')]).toEqual([3, false]);
  });

  test('link to the board for a counter order, which emails no customer', async () => {
    const body = { lines: [await shop.line('Tea')] };
    const { id } = (await shop.place({ as: shop.barista, body })).body;
    await deliver(id);
    expect(textsAbout(id, 'shop@crema.example').map((text) => text.split(boardOf(id)).length)).toEqual([3]);
    expect(shop.emailsAbout(id)).toHaveLength(1);
  });
});

test('neither the token nor the ticket of a follow link appears in logs', async () => {
  const id = await placed();
  const followToken = await tokenOf(id);
  const wrong = `${followToken.slice(0, -4)}AAAA`;
  const { ticket } = (await exchange(id, followToken)).body;
  await exchange(id, wrong);
  const stream = await listen(`/v1/orders/${id}/events?ticket=${ticket}`);
  await stream.receives(1);
  stream.close();
  const log = () => readFileSync(shop.api.log, 'utf8');
  await waitFor('The line', () => log().includes(`"path":"/v1/orders/${id}/events"`), waitOptions);
  for (const secret of [followToken, wrong, ticket.split('.')[2]]) expect(log()).not.toContain(secret);
});
