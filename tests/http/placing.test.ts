import { randomUUID } from 'node:crypto';
import { openShop, type RequestOptions, retryWhileUnknown, type Shop } from '../shop.ts';
import { ifMatchOfVersion2 } from './entity-tags.ts';
import { newCustomer } from './people.ts';
import { expectProblem } from './problem.ts';

let shop: Shop;
let latte: Record<string, unknown>;
beforeAll(async () => {
  shop = await openShop();
  latte = await shop.line('Latte', 'Vanilla', 2);
}, 60_000);
afterAll(() => shop.close());

const withKey = (key: string) => ({ 'idempotency-key': key });
const replayed = { name: 'idempotency-replayed', value: 'true' };
const countOrders = async () => Number((await shop.database('orders').count().first())?.count);
const eventsOf = (orderId: string) =>
  shop.database('order_events').where({ order_id: orderId }).orderBy('version').pluck('version');
const post = (path: string, options: RequestOptions) =>
  shop.requestUntilKnown('POST', path, { as: shop.manager, ...options });
/** Sends a change once: the response to a repeated request would be a replay. */
const postOnce = (path: string, options: RequestOptions) =>
  shop.request('POST', path, { as: shop.manager, ...options });

/** Creates a product that the test may change. */
async function newProduct(): Promise<{ id: string; line: { productId: string; quantity: number } }> {
  const basePrice = { amount: 500, currency: 'USD' };
  const { body } = await post('/v1/products', { body: { name: `Special ${randomUUID()}`, basePrice } });
  return { id: body.id, line: { productId: body.id, quantity: 1 } };
}

describe('An order with a used Idempotency-Key', () => {
  test('gets the first response, without effect', async () => {
    const key = randomUUID();
    const body = { lines: [latte], note: 'Hot' };
    const first = await shop.place({ body, headers: withKey(key) });
    const before = await countOrders();

    const second = await shop.place({ body, headers: withKey(key) });

    expect(first.status).toBe(201);
    expect(first.headers.get(replayed.name)).toBeNull();
    expect(second).toMatchObject({ status: 201, body: first.body });
    for (const name of ['location', 'etag']) expect(second.headers.get(name)).toBe(first.headers.get(name));
    expect(second.headers.get(replayed.name)).toBe(replayed.value);
    expect(await countOrders()).toBe(before);
    await post(`/v1/orders/${first.body.id}/cancel`, { as: shop.customer });
    await shop.waitForEnd(first.body.id);
    const confirmations = shop.emailsAbout(first.body.id).filter(({ eventId }) => eventId.endsWith(':1'));
    expect(confirmations.map(({ to }) => to).toSorted()).toEqual(['customer@example.com', 'shop@crema.example']);
  });

  test.each<[string, (line: Record<string, unknown>) => unknown]>([
    ['written differently', ({ productId, ...line }) => ({ note: ' Hot ', lines: [{ ...line, productId }] })],
    ['with explicit defaults', (line) => ({ lines: [line], note: 'Hot', location: 'take_away' })],
    [
      'with ids in capitals',
      (line) => ({ lines: [{ ...line, productId: String(line.productId).toUpperCase() }], note: 'Hot' }),
    ],
  ])('counts as the same order %s', async (_, again) => {
    const key = randomUUID();
    const first = await shop.place({ body: { lines: [latte], note: 'Hot' }, headers: withKey(key) });
    const second = await shop.place({ body: again(latte), headers: withKey(key) });
    expect(second).toMatchObject({ status: 201, body: first.body });
  });

  test.each<[string, (line: Record<string, unknown>) => unknown]>([
    ['quantity', (line) => ({ lines: [{ ...line, quantity: 3 }] })],
    ['line', (line) => ({ lines: [line, line] })],
    ['place', (line) => ({ lines: [line], location: 'in_house' })],
    ['note', (line) => ({ lines: [line], note: 'Hot' })],
  ])('is rejected with 422 for another %s', async (_, other) => {
    const key = randomUUID();
    const body = { lines: [latte] };
    const first = await shop.place({ body, headers: withKey(key) });
    const before = await countOrders();

    expectProblem(await shop.place({ body: other(latte), headers: withKey(key) }), 'idempotency_key_reused');

    expect(await countOrders()).toBe(before);
    expect(await shop.place({ body, headers: withKey(key) })).toMatchObject({ status: 201, body: first.body });
  });

  test.each([2, 10])('is placed once by %d concurrent requests', async (count) => {
    const before = await countOrders();
    const options = { body: { lines: [latte] }, headers: withKey(randomUUID()) };

    const answers = await Promise.all(Array.from({ length: count }, () => shop.place(options)));

    expect(answers.map(({ status }) => status)).toEqual(Array(count).fill(201));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(answers.filter(({ headers }) => headers.get(replayed.name) === null)).toHaveLength(1);
    expect(await countOrders()).toBe(before + 1);
  });

  test('is placed once by ten different requests', async () => {
    const before = await countOrders();
    const headers = withKey(randomUUID());
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        shop.place({ body: { lines: [{ ...latte, quantity: index + 1 }] }, headers }),
      ),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, ...Array(9).fill(422)]);
    expect(await countOrders()).toBe(before + 1);
  });

  test('is another order for another customer', async () => {
    const { token } = await newCustomer(shop);
    const options = { body: { lines: [latte] }, headers: withKey(randomUUID()) };
    const [mine, theirs] = [await shop.place(options), await shop.place({ ...options, as: token })];
    expect([mine.status, theirs.status]).toEqual([201, 201]);
    expect(theirs.headers.get(replayed.name)).toBeNull();
    expect(theirs.body.id).not.toBe(mine.body.id);
    expect(theirs.body.customer).not.toEqual(mine.body.customer);
  });

  test.each(['k', 'k'.repeat(255), "!#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"])(
    'has the same key with or without quotes: %s',
    async (characters) => {
      const key = characters.replace(/^k$/, randomUUID());
      const [bare, quoted] = [
        await shop.place({ headers: withKey(key) }),
        await shop.place({ headers: withKey(`"${key}"`) }),
      ];
      expect(quoted).toMatchObject({ status: 201, body: bare.body });
      expect(quoted.headers.get(replayed.name)).toBe(replayed.value);
    },
  );

  const changes: [string, string, string, unknown][] = [
    ['deleted', 'DELETE', '', undefined],
    ['sold out', 'PATCH', '', { available: false }],
    ['renamed and dearer', 'PATCH', '', { name: `New ${randomUUID()}`, basePrice: { amount: 900, currency: 'USD' } }],
  ];
  test.each(changes)('gets the first response even if the product is %s', async (_, method, path, change) => {
    const { id, line } = await newProduct();
    const options = { body: { lines: [line] }, headers: withKey(randomUUID()) };
    const first = await shop.place(options);
    await shop.request(method, `/v1/products/${id}${path}`, { as: shop.manager, body: change });

    expect(await shop.place(options)).toMatchObject({ status: 201, body: first.body });
    expect((await shop.readOrder(first.body.id)).body).toEqual(first.body);
  });

  test('is returned as it was placed', async () => {
    const options = { headers: withKey(randomUUID()) };
    const first = await shop.place(options);
    await shop.move(first.body.id, 'preparation');
    expect(await shop.place(options)).toMatchObject({ status: 201, body: first.body });

    await post(`/v1/orders/${first.body.id}/cancel`, {});
    await shop.waitForEnd(first.body.id);
    const last = await shop.place(options);
    expect(last).toMatchObject({ status: 201, body: first.body });
    expect(last.headers.get('etag')).toBe('"1"');
  });

  test('gets the first response after Postgres lost the order', async () => {
    const { id, line } = await newProduct();
    const options = { body: { lines: [line] }, headers: withKey(randomUUID()) };
    const first = await shop.place(options);
    await post(`/v1/orders/${first.body.id}/cancel`, {});
    await shop.waitForEnd(first.body.id);
    await shop.database('orders').where({ id: first.body.id }).delete();
    await shop.database('order_events').where({ order_id: first.body.id }).delete();

    expect(await shop.place(options)).toMatchObject({ status: 201, body: first.body });

    await shop.request('DELETE', `/v1/products/${id}`, { as: shop.manager });
    expect(await shop.place(options)).toMatchObject({ status: 201, body: first.body });
    const other = { ...options, body: { lines: [{ ...line, quantity: 2 }] } };
    expectProblem(await shop.place(other), 'idempotency_key_reused');
  });

  test('is new if the first request was rejected', async () => {
    const { id, line } = await newProduct();
    const headers = withKey(randomUUID());
    const available = (is: boolean) =>
      shop.request('PATCH', `/v1/products/${id}`, { as: shop.manager, body: { available: is } });
    await available(false);
    expectProblem(await shop.place({ body: { lines: [line] }, headers }), 'product_unavailable', {
      errors: [{ pointer: '#/lines/0', detail: expect.any(String) }],
    });
    expect((await shop.place({ body: {}, headers })).status).toBe(400);

    await available(true);

    const placed = await shop.place({ body: { lines: [{ ...line, quantity: 2 }] }, headers });
    expect(placed.status).toBe(201);
    expect(placed.headers.get(replayed.name)).toBeNull();
  });

  test('differs from one without a key', async () => {
    const [one, other] = [await shop.place(), await shop.place()];
    expect([one.status, other.status]).toEqual([201, 201]);
    expect(other.body.id).not.toBe(one.body.id);
  });
});

describe('A change with a used Idempotency-Key', () => {
  const changes = [
    { change: 'status', body: { status: 'preparation', reason: 'On it' }, other: { status: 'preparation' } },
    { change: 'cancel', body: { reasonCode: 'too_busy' }, other: { reasonCode: 'other' } },
  ];
  const newPath = async (change: string) => {
    const { body: order } = await shop.place();
    return { id: order.id as string, path: `/v1/orders/${order.id}/${change}` };
  };

  test.each(changes)('gets the first response, without effect: $change', async ({ change, body }) => {
    let order!: Awaited<ReturnType<typeof newPath>>;
    const headers = withKey(randomUUID());

    const first = await retryWhileUnknown(async () => {
      order = await newPath(change);
      return postOnce(order.path, { body, headers });
    });
    const second = await post(order.path, { body, headers });

    expect(first).toMatchObject({ status: 200, body: { version: 2 } });
    expect(first.headers.get(replayed.name)).toBeNull();
    expect(second).toMatchObject({ status: 200, body: first.body });
    expect(second.headers.get(replayed.name)).toBe(replayed.value);
    expect(second.headers.get('etag')).toBe('"2"');
    expect(await eventsOf(order.id)).toEqual([1, 2]);
  });

  test.each(changes)('is rejected with 422 for another body: $change', async ({ change, body, other }) => {
    const { id, path } = await newPath(change);
    const headers = withKey(randomUUID());
    await post(path, { body, headers });
    expectProblem(await post(path, { body: other, headers }), 'idempotency_key_reused');
    expect(await eventsOf(id)).toEqual([1, 2]);
  });

  test.each(changes)('is one event for ten concurrent requests: $change', async ({ change, body }) => {
    const { id, path } = await newPath(change);
    const headers = withKey(randomUUID());
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(path, { body, headers })));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(new Set(answers.map((answer) => JSON.stringify(answer.body))).size).toBe(1);
    expect(await eventsOf(id)).toEqual([1, 2]);
  });

  test.each(changes)('gets the first response after the order ended: $change', async ({ change, body, other }) => {
    const { id, path } = await newPath(change);
    const headers = withKey(randomUUID());
    const first = await post(path, { body, headers });
    if (change === 'status') {
      for (const status of ['ready', 'delivered'] as const) await shop.move(id, status);
    }
    await shop.waitForEnd(id);

    const second = await post(path, { body, headers });

    expect(second).toMatchObject({ status: 200, body: first.body });
    expect(second.headers.get('etag')).toBe('"2"');
    expect(second.headers.get(replayed.name)).toBe(replayed.value);
    expectProblem(await post(path, { body: other, headers }), 'idempotency_key_reused');
  });

  test('gets the first response, even if it is illegal or outdated now', async () => {
    const { id, path } = await newPath('status');
    const options = { body: { status: 'preparation' }, headers: { ...withKey(randomUUID()), 'if-match': '"1"' } };
    const first = await post(path, options);
    await shop.move(id, 'ready');
    expect(await post(path, options)).toMatchObject({ status: 200, body: first.body });
    expect(await eventsOf(id)).toEqual([1, 2, 3]);
  });

  test('is new if the first request was rejected', async () => {
    const headers = withKey(randomUUID());
    const ready = { body: { status: 'ready' }, headers };

    const moved = await retryWhileUnknown(async () => {
      const { id, path } = await newPath('status');
      expect(await post(path, ready)).toMatchObject({ status: 409 });
      expect(await post(path, { ...ready, headers: { ...headers, 'if-match': '"7"' } })).toMatchObject({ status: 412 });
      await shop.move(id, 'preparation');
      return postOnce(path, ready);
    });

    expect(moved).toMatchObject({ status: 200, body: { status: 'ready', version: 3 } });
    expect(moved.headers.get(replayed.name)).toBeNull();
  });

  test('is new on another order, by another caller or on another path', async () => {
    const headers = withKey(randomUUID());
    const [one, other] = [await newPath('status'), await newPath('status')];
    const cancel = `/v1/orders/${one.id}/cancel`;
    const answers = [
      await shop.place({ headers }),
      await postOnce(one.path, { body: { status: 'preparation' }, headers }),
      await postOnce(other.path, { body: { status: 'preparation' }, headers }),
      await shop.request('POST', cancel, { as: shop.customer, headers }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([201, 200, 200, 200]);
    expect(answers.map((answer) => answer.headers.get(replayed.name))).toEqual([null, null, null, null]);
    // The manager has not used the key on this path: this is a new request.
    expectProblem(await post(cancel, { headers }), 'illegal_transition', {
      currentStatus: 'cancelled',
      allowedTransitions: [],
      version: 3,
    });
  });

  test('is the same cancellation with no body or an empty object', async () => {
    const { path } = await newPath('cancel');
    const headers = withKey(randomUUID());
    const first = await post(path, { headers });
    expect(first.status).toBe(200);
    expect(await post(path, { headers, body: {} })).toMatchObject({ status: 200, body: first.body });
  });
});

describe('A change with If-Match', () => {
  const changes = [
    { change: 'status', body: { status: 'ready' } },
    { change: 'cancel', body: {} },
  ];
  const cases = changes.flatMap((change) => ifMatchOfVersion2.map(([tag, matches]) => ({ ...change, tag, matches })));

  test.each(cases)('applies to version 2 with $tag: $matches ($change)', async ({ change, body, tag, matches }) => {
    const { body: order } = await shop.place();
    await shop.move(order.id, 'preparation');

    const answer = await post(`/v1/orders/${order.id}/${change}`, { body, headers: { 'if-match': tag } });

    if (matches) expect(answer).toMatchObject({ status: 200, body: { version: 3 } });
    else expectProblem(answer, 'version_mismatch', { version: 2 });
    expect(await eventsOf(order.id)).toEqual(matches ? [1, 2, 3] : [1, 2]);
  });

  test('is applied once if two requests are concurrent', async () => {
    const { body: order } = await shop.place();
    const headers = { 'if-match': '"1"' };
    const answers = await Promise.all([
      post(`/v1/orders/${order.id}/status`, { body: { status: 'preparation' }, headers }),
      post(`/v1/orders/${order.id}/cancel`, { headers }),
    ]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 412]);
    expect(await eventsOf(order.id)).toEqual([1, 2]);
  });

  test('reports an outdated version before an illegal transition', async () => {
    const { body: order } = await shop.place();
    await post(`/v1/orders/${order.id}/cancel`, {});
    const again = (tag: string) => post(`/v1/orders/${order.id}/cancel`, { headers: { 'if-match': tag } });
    const expectBoth = async () => {
      expectProblem(await again('"1"'), 'version_mismatch', { version: 2 });
      expectProblem(await again('"2"'), 'illegal_transition', {
        currentStatus: 'cancelled',
        allowedTransitions: [],
        version: 2,
      });
    };
    await expectBoth();
    await shop.waitForEnd(order.id);
    await expectBoth();
  });
});
