import { randomUUID } from 'node:crypto';
import { bindKey, orderIdOf } from '../../api/orders/idempotency.ts';
import { createCustomerNames } from '../../db/customer-names.ts';
import { waitFor } from '../../stack/wait.ts';
import { reconcileWorkflowType } from '../../workflows/messages/definitions.ts';
import { newCustomer, newService } from '../http/people.ts';
import { expectFaults, expectProblem } from '../http/problem.ts';
import { type Answer, openShop, type RequestOptions, type Shop } from '../shop.ts';
import { type EventStream, follow } from '../streams/event-stream.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, 60_000);
afterAll(() => shop?.close());

const waitOptions = { deadline: 20_000 };
const names = () => createCustomerNames(shop.database);
const idOf = async (as: string): Promise<string> => (await shop.request('GET', '/v1/me', { as })).body.id;

/** Places a counter order, by default as the barista. */
async function place(fields: object = {}, options: RequestOptions = {}): Promise<Answer> {
  return shop.place({ as: shop.barista, body: { lines: [await shop.line('Tea')], ...fields }, ...options });
}
const withKey = (key: string = randomUUID()) => ({ headers: { 'idempotency-key': key } });
const rowOf = (orderId: string) => shop.database('customer_names').where({ order_id: orderId }).first();

test.each(['barista', 'manager'] as const)('a %s places a counter order', async (role) => {
  const placed = await place({ customerName: '  Ana  ', note: 'Hot' }, { as: shop[role] });
  const { body: order, headers } = placed;
  const placedBy = { type: role, id: await idOf(shop[role]) };
  expect(placed.status).toBe(201);
  expect(order).toMatchObject({
    channel: 'counter',
    customer: { id: null, name: 'Ana' },
    placedBy,
    status: 'waiting',
    note: 'Hot',
    allowedTransitions: ['preparation', 'cancelled'],
  });
  expect([headers.get('etag'), headers.get('location')]).toEqual(['"1"', `/v1/orders/${order.id}`]);
  for (const as of [shop.barista, shop.manager]) expect((await shop.readOrder(order.id, as)).body).toEqual(order);
  const [event] = await shop.timeline(order.id, shop.barista);
  expect(event).toMatchObject({ type: 'order.placed', actor: placedBy });
});

test('a service with orders:place prices, places and edits orders', async () => {
  const till = await newService(shop, ['orders:place', 'orders:write', 'orders:read']);
  const body = { lines: [await shop.line('Latte', 'Vanilla')], customerName: 'Zoë' };
  const quote = await shop.request('POST', '/v1/orders/quote', { as: till.token, body });
  expect([quote.status, quote.body.total.amount]).toEqual([200, 430]);
  const { status, body: order } = await shop.place({ as: till.token, body });
  expect([status, order.customer, order.placedBy]).toEqual([
    201,
    { id: null, name: 'Zoë' },
    { type: 'service', id: till.id },
  ]);
  const edited = await shop.requestUntilKnown('PATCH', `/v1/orders/${order.id}`, {
    as: till.token,
    body: { location: 'in_house' },
  });
  expect([edited.status, edited.body.location, edited.body.customer.name]).toEqual([200, 'in_house', 'Zoë']);

  const only = await newService(shop, ['orders:place']);
  expect((await shop.place({ as: only.token, body })).status).toBe(201);
  expectProblem(await shop.readOrder(order.id, only.token), 'forbidden');
});

test('an online order shows its channel, and its customer as placedBy', async () => {
  const { body } = await shop.place();
  expect(body).toMatchObject({ channel: 'online', placedBy: { type: 'customer', id: body.customer.id } });
  const seen = (await shop.readOrder(body.id, shop.barista)).body;
  expect([seen.channel, seen.placedBy]).toEqual([body.channel, body.placedBy]);
});

describe('customerName', () => {
  const invisible = ['', ' ', '\u200b', '\u2800', '\u00ad\u2060', '\u3164'];
  test.each([...invisible, 'Ana\nBob', 'Ana\u2028Bob', 'A\u0000', 'x'.repeat(61), '\ud800', 7, null])(
    'cannot be %j',
    async (customerName) => {
      for (const path of ['/v1/orders', '/v1/orders/quote']) {
        const body = { lines: [await shop.line('Tea')], customerName };
        expectFaults(await shop.request('POST', path, { as: shop.barista, body }), ['#/customerName']);
      }
    },
  );

  test('has at most 60 code points, in NFC', async () => {
    expect((await place({ customerName: '🍵'.repeat(60) })).body.customer.name).toBe('🍵'.repeat(60));
    expectFaults(await place({ customerName: '🍵'.repeat(61) }), ['#/customerName']);
    expect((await place({ customerName: 'Zoe\u0308' })).body.customer.name).toBe('Zo\u00eb');
  });

  test('is forbidden for customers', async () => {
    const body = { lines: [await shop.line('Tea')], customerName: 'Ana' };
    for (const path of ['/v1/orders', '/v1/orders/quote'])
      expectProblem(await shop.request('POST', path, { as: shop.customer, body }), 'forbidden');
  });

  test('is not a field of an edit', async () => {
    const { id } = (await place()).body;
    const body = { note: 'Hot', customerName: 'Ana' };
    expectFaults(await shop.request('PATCH', `/v1/orders/${id}`, { as: shop.barista, body }), ['#/customerName']);
  });
});

describe('staff', () => {
  test('edit a counter order until its preparation begins', async () => {
    const { id, lines } = (await place({ customerName: 'Ana' })).body;
    const edit = (body: object, as = shop.manager) => shop.requestUntilKnown('PATCH', `/v1/orders/${id}`, { as, body });
    const kept = { id: lines[0].id, quantity: 3 };
    const { status, body } = await edit({ lines: [kept, await shop.line('Latte')], note: 'For two' });
    expect([status, body.version, body.total.amount, body.customer.name]).toEqual([200, 2, 1300, 'Ana']);
    expectProblem(await edit({ note: 'Mine' }, shop.customer), 'not_found');
    await shop.move(id, 'preparation');
    expect((await edit({ note: 'Too late' }, shop.barista)).body).toMatchObject({
      code: 'illegal_transition',
      currentStatus: 'preparation',
    });
  });

  test('cannot edit an online order', async () => {
    const { id } = (await shop.place()).body;
    const till = await newService(shop, ['orders:write', 'orders:place']);
    for (const as of [shop.barista, shop.manager, till.token]) {
      const refused = await shop.request('PATCH', `/v1/orders/${id}`, { as, body: { note: 'Mine' }, ...withKey() });
      expectProblem(refused, 'forbidden');
      expect(refused.body.detail).toBe('Only the customer can edit an online order. You can cancel it.');
    }
    expect((await shop.readOrder(id)).body).toMatchObject({ version: 1, note: null });
  });
});

describe('customers', () => {
  let id: string;
  beforeAll(async () => {
    ({ id } = (await place({ customerName: 'Ana' })).body);
  });

  const refused = async (answer: Promise<EventStream>): Promise<number | undefined> => {
    const stream = await answer;
    await stream.ends();
    return stream.status;
  };

  test('get 404 for a counter order, its streams and its timeline', async () => {
    const { token } = await newCustomer(shop);
    for (const as of [shop.customer, token]) {
      expectProblem(await shop.readOrder(id, as), 'not_found');
      expectProblem(await shop.request('GET', `/v1/orders/${id}/timeline`, { as }), 'not_found');
      expectProblem(await shop.request('POST', '/v1/stream-tickets', { as, body: { orderId: id } }), 'not_found');
      expectProblem(await shop.request('POST', `/v1/orders/${id}/cancel`, { as, body: {} }), 'not_found');
      expect(await refused(follow(shop, `/v1/orders/${id}/events`, { as }))).toBe(404);
      expect(await refused(follow(shop, '/v1/orders/events', { as }))).toBe(403);
    }
  });

  test('get no counter order in lists and exports, not even as the person who placed it', async () => {
    const former = await newCustomer(shop);
    await shop.database('users').where({ id: former.id }).update({ role: 'barista' });
    const placing = { ...withKey(), as: await shop.signIn(former.email, former.password) };
    const own = await place({ customerName: 'Bea' }, placing);
    expect(own.status).toBe(201);
    await shop.request('PATCH', `/v1/users/${former.id}`, { as: shop.manager, body: { role: 'customer' } });
    const as = await shop.signIn(former.email, former.password);
    for (const query of ['', '?channel=counter', '?channel=online', '?status=waiting'])
      expect((await shop.request('GET', `/v1/orders${query}`, { as })).body.data).toEqual([]);
    expect((await shop.request('GET', '/v1/me/export', { as })).body.orders).toEqual([]);
    expectProblem(await shop.readOrder(own.body.id, as), 'not_found');
    expectProblem(await place({}, { ...placing, as }), 'idempotency_key_reused');
  });
});

test('lists filter by channel', async () => {
  const { token } = await newCustomer(shop);
  const online = (await shop.place({ as: token })).body.id;
  const counter = (await place({ customerName: 'Ana' })).body.id;
  const list = async (query: string, as = shop.barista) =>
    (await shop.request('GET', `/v1/orders?limit=100&${query}`, { as })).body.data as { id: string }[];
  const ids = async (query: string, as?: string) => (await list(query, as)).map(({ id }) => id);
  expect(await ids('channel=counter')).toContain(counter);
  expect(await ids('channel=counter')).not.toContain(online);
  expect(await ids('channel=online')).toContain(online);
  expect(await ids('channel=online&status=waiting')).not.toContain(counter);
  expect(await ids('channel=online', token)).toEqual([online]);
  expect(await ids('channel=counter', token)).toEqual([]);
  expect((await list('channel=counter')).find(({ id }) => id === counter)).toMatchObject({
    customer: { id: null, name: 'Ana' },
  });
  const wrong = await shop.request('GET', '/v1/orders?channel=phone', { as: shop.barista });
  expectFaults(wrong, ['?channel']);
});

test('the emails to the customer are suppressed, and those to the shop show the name', async () => {
  const { id } = (await place({ customerName: 'Ana Maria' })).body;
  await shop.move(id, 'preparation');
  await shop.requestUntilKnown('POST', `/v1/orders/${id}/cancel`, { as: shop.barista, body: {} });
  await shop.waitForEnd(id);
  const emails = shop.smtp.arrivals.filter(({ mail }) => String(mail.headers.get('x-crema-event-id')).startsWith(id));
  expect(emails.map(({ to }) => to.join())).toEqual(['shop@crema.example', 'shop@crema.example']);
  expect(emails[0]!.mail.text).toContain('Ana Maria');

  const entries = (await shop.timeline(id)).filter(({ recipient }) => recipient === 'customer');
  expect(entries.map(({ type, version, outcome, reason }) => ({ type, version, outcome, reason }))).toEqual(
    [1, 2, 3].map((version) => ({
      type: 'delivery.suppressed',
      version,
      outcome: 'suppressed',
      reason: 'The order was placed at the counter, so the customer has no email address.',
    })),
  );
  const path = `/v1/orders/${id}/notifications/${entries[0]!.deliveryId}/resend`;
  const resent = await shop.request('POST', path, { as: shop.manager });
  expectProblem(resent, 'nothing_to_send');
  expect(resent.body.detail).toBe('The order was placed at the counter, so the customer has no email address.');
});

describe('an Idempotency-Key of a counter order', () => {
  test('makes the stored hash of a request with a name unguessable', () => {
    const scope = { subject: 's', method: 'POST', path: '/v1/orders' };
    const fingerprintOf = (key: string, body: object) => bindKey(key, scope, body).fingerprint;
    expect(fingerprintOf('one', { customerName: 'Ana' })).not.toBe(fingerprintOf('two', { customerName: 'Ana' }));
    expect(fingerprintOf('one', { customerName: 'Ana' })).toBe(fingerprintOf('one', { customerName: 'Ana' }));
    expect(fingerprintOf('one', { customerName: 'Ana' })).not.toBe(fingerprintOf('one', { customerName: 'Bob' }));
    expect(fingerprintOf('one', { note: 'Hot' })).toBe(fingerprintOf('two', { note: 'Hot' }));
  });

  test('is scoped to the person or service, and gives the same order again', async () => {
    const till = await newService(shop, ['orders:place']);
    const options = withKey();
    const ids = new Set<string>();
    for (const as of [shop.barista, shop.manager, till.token]) {
      const first = await place({ customerName: 'Ana' }, { ...options, as });
      const again = await place({ customerName: 'Ana' }, { ...options, as });
      expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
      expect(again.body).toEqual(first.body);
      ids.add(first.body.id);
    }
    expect(ids.size).toBe(3);
  });

  test.each<[string, object, object]>([
    ['another name', { customerName: 'Ana' }, { customerName: 'Bob' }],
    ['a name', {}, { customerName: 'Bob' }],
    ['no name', { customerName: 'Ana' }, {}],
  ])('with %s is refused, and the name stays', async (_, fields, other) => {
    const options = withKey();
    const { id, customer } = (await place(fields, options)).body;
    expectProblem(await place(other, options), 'idempotency_key_reused');
    expect((await shop.readOrder(id, shop.barista)).body.customer).toEqual(customer);
    // Also if Postgres does not have the order, and the workflow answers.
    for (const table of ['orders', 'order_events']) {
      const column = table === 'orders' ? 'id' : 'order_id';
      await shop
        .database(table)
        .where({ [column]: id })
        .delete();
    }
    expectProblem(await place(other, options), 'idempotency_key_reused');
    expect((await place(fields, options)).body.customer).toEqual(customer);
    expect((await shop.readOrder(id, shop.barista)).body.customer).toEqual(customer);
  });

  test('takes the name of the accepted request, not of an earlier one that failed', async () => {
    for (const [failed, accepted] of [
      ['Ana', 'Bob'],
      ['Ana', null],
      [null, 'Bob'],
    ] as const) {
      const key = randomUUID();
      const scope = { subject: await idOf(shop.barista), method: 'POST', path: '/v1/orders' };
      const id = orderIdOf(bindKey(key, scope, {}));
      // As a request leaves it whose workflow was not started.
      await names().add(id, failed);
      const { status, body } = await place(accepted ? { customerName: accepted } : {}, withKey(key));
      expect([status, body.id, body.customer.name]).toEqual([201, id, accepted]);
      expect((await rowOf(id)).name).toBe(accepted);
      expect((await shop.readOrder(id, shop.barista)).body.customer.name).toBe(accepted);
    }
  });
});

describe('the name of a customer', () => {
  const DAY = 24 * 60 * 60 * 1_000;
  const ago = (days: number) => new Date(Date.now() - days * DAY);

  /** Makes an order this many days older. */
  async function age(id: string, days: number): Promise<void> {
    const at = ago(days);
    await shop.database('customer_names').where({ order_id: id }).update({ created_at: at });
    const snapshot = shop.database.raw(`(snapshot::jsonb || jsonb_build_object('updatedAt', ?::text))::json`, [
      at.toISOString(),
    ]);
    await shop.database('orders').where({ id }).update({ snapshot });
  }

  test('is removed 30 days after the order has ended, and so is a name without an order', async () => {
    const [young, old, open, cancelled] = await Promise.all(
      ['Young', 'Old', 'Open', 'Cancelled'].map(async (customerName) => (await place({ customerName })).body.id),
    );
    for (const id of [young, old]) {
      for (const status of ['preparation', 'ready', 'delivered'] as const) await shop.move(id, status);
    }
    await shop.requestUntilKnown('POST', `/v1/orders/${cancelled}/cancel`, { as: shop.barista, body: {} });
    await Promise.all([young, old, cancelled].map((id) => shop.waitForEnd(id)));
    const [orphan, youngOrphan] = [randomUUID(), randomUUID()];
    await names().add(orphan, 'Orphan');
    await names().add(youngOrphan, 'Young orphan');
    await age(young, 29);
    await age(youngOrphan, 29);
    for (const id of [old, open, cancelled, orphan]) await age(id, 31);

    const handle = await shop.temporal.workflow.start(reconcileWorkflowType, {
      taskQueue: shop.taskQueue,
      workflowId: `reconcile-${randomUUID()}`,
      args: [],
    });
    await waitFor('the removal', async () => (await rowOf(old)) === undefined, waitOptions);
    await handle.terminate().catch(() => {});

    const left = await shop.database('customer_names').whereIn('order_id', [old, open, cancelled, orphan, young]);
    expect(left.map(({ name }) => name).toSorted()).toEqual(['Open', 'Young']);
    expect((await rowOf(youngOrphan)).name).toBe('Young orphan');
    expect((await shop.readOrder(old, shop.barista)).body.customer).toEqual({ id: null, name: null });
  });

  test('is deleted in as many statements as needed', async () => {
    const ids = Array.from({ length: 5 }, () => randomUUID());
    for (const id of ids) {
      await names().add(id, 'Orphan');
      await age(id, 31);
    }
    expect(await names().deleteEnded(30, 2)).toBeGreaterThanOrEqual(ids.length);
    expect(await shop.database('customer_names').whereIn('order_id', ids)).toEqual([]);
  });

  test('does not come back with a repeated request', async () => {
    const options = withKey();
    const { id } = (await place({ customerName: 'Ana' }, options)).body;
    await shop.database('customer_names').where({ order_id: id }).delete();
    const again = await place({ customerName: 'Ana' }, options);
    expect([again.status, again.body.id, again.body.customer]).toEqual([201, id, { id: null, name: null }]);
    expect(await rowOf(id)).toBeUndefined();
  });

  test('is sent again with a 200 after it was deleted, not with a 304', async () => {
    const named = (await place({ customerName: 'Ana' })).body.id;
    const unnamed = (await place()).body.id;
    const read = (id: string) =>
      shop.request('GET', `/v1/orders/${id}`, { as: shop.barista, headers: { 'if-none-match': '"1"' } });
    for (const id of [named, unnamed]) expect((await read(id)).status).toBe(304);
    await names().set(named, 'Bob');
    expect((await read(named)).body.customer.name).toBe('Bob');
    await shop.database('customer_names').where({ order_id: named }).delete();
    expect(await read(named)).toMatchObject({ status: 200, body: { customer: { id: null, name: null } } });
  });

  test('is shown while Postgres does not have the order yet', async () => {
    const { id } = (await place({ customerName: 'Ana' })).body;
    await shop.waitForStatus(id, 'waiting');
    await waitFor('all deliveries', async () => (await shop.timeline(id)).length === 4, waitOptions);
    await shop.database('order_events').where({ order_id: id }).delete();
    await shop.database('orders').where({ id }).delete();
    expect((await shop.readOrder(id, shop.barista)).body).toMatchObject({
      channel: 'counter',
      customer: { id: null, name: 'Ana' },
    });
  });
});
