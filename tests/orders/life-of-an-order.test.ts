import { Redis } from 'ioredis';
import { type Answer, openShop, type Shop } from '../shop.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, 60_000);
afterAll(() => shop.close());

describe('placing an order', () => {
  test('returns a waiting order with fixed names and prices and the allowed transitions', async () => {
    const { status, headers, body } = await shop.place({
      body: { lines: [await shop.line('Latte', 'Vanilla', 2), await shop.line('Tea')], note: 'Hot, please' },
    });

    expect(status).toBe(201);
    expect(headers.get('location')).toBe(`/v1/orders/${body.id}`);
    expect(headers.get('etag')).toBe('"1"');
    expect(body).toMatchObject({
      status: 'waiting',
      version: 1,
      customer: { name: 'Carlos Customer' },
      location: 'take_away',
      note: 'Hot, please',
      total: { amount: 1160, currency: 'USD' },
      flags: [],
      cancellation: null,
      allowedTransitions: ['cancelled'],
    });
    expect(body.number).toBeGreaterThanOrEqual(1);
    expect(body.lines).toMatchObject([
      { product: 'Latte', variation: 'Vanilla', quantity: 2, unitPrice: { amount: 430 }, total: { amount: 860 } },
      { product: 'Tea', variation: null, variationId: null, quantity: 1, total: { amount: 300 } },
    ]);
    const read = await shop.readOrder(body.id);
    expect(read.body).toEqual(body);
  });
});

describe('moving an order from waiting to delivered', () => {
  let redis: Redis;
  let order: { id: string; customer: { id: string } };
  const messages: { channel: string; event: { id: string } }[] = [];
  const answers: { moved: Answer; read: Answer }[] = [];

  beforeAll(async () => {
    redis = new Redis(process.env.REDIS_URL as string);
    redis.on('message', (channel, message) => messages.push({ channel, event: JSON.parse(message) }));
    await redis.subscribe('orders');
    order = (await shop.place()).body;
    await redis.subscribe(`orders:${order.id}`);
    for (const status of ['preparation', 'ready', 'delivered'] as const) {
      answers.push({ moved: await shop.move(order.id, status), read: await shop.readOrder(order.id) });
    }
    await shop.waitForEnd(order.id);
  }, 60_000);
  afterAll(() => redis?.disconnect());

  const published = () => messages.filter(({ event }) => event.id.startsWith(order.id));

  test.each([
    ['preparation', 2],
    ['ready', 3],
    ['delivered', 4],
  ])('is readable at once in the status %s', (status, version) => {
    const { moved, read } = answers[version - 2]!;
    expect(moved.status).toBe(200);
    expect(moved.body).toMatchObject({ status, version });
    expect(read.headers.get('etag')).toBe(`"${version}"`);
    expect(read.body).toMatchObject({ status, version });
  });

  test('emails every version to the customer and the placement to the shop', () => {
    const mails = shop.emailsAbout(order.id).map(({ eventId, to }) => `${eventId.split(':')[1]} ${to}`);
    expect(mails.sort()).toEqual([
      '1 customer@example.com',
      '1 shop@crema.example',
      '2 customer@example.com',
      '3 customer@example.com',
      '4 customer@example.com',
    ]);
  });

  test('publishes every version in order', () => {
    expect(
      published()
        .filter(({ channel }) => channel === 'orders')
        .map(({ event }) => event.id),
    ).toEqual([1, 2, 3, 4].map((version) => `${order.id}:${version}`));
    // The test subscribed to this channel after the placement.
    expect(published().filter(({ channel }) => channel === `orders:${order.id}`).length).toBeGreaterThanOrEqual(3);
  });

  test('publishes CloudEvents without the name of the customer', () => {
    const last = published().at(-1)?.event;
    expect(last).toMatchObject({
      specversion: '1.0',
      type: 'order.status_changed',
      source: 'http://localhost:5000/v1/orders',
      subject: order.id,
      datacontenttype: 'application/json',
      data: {
        from: 'ready',
        to: 'delivered',
        actor: { type: 'manager' },
        order: { customer: { id: order.customer.id } },
      },
    });
    expect(JSON.stringify(last)).not.toContain('Carlos');
  });

  test('records every status and delivery on the timeline', async () => {
    const timeline = await shop.timeline(order.id);
    const events = timeline.filter(({ kind }) => kind === 'event');
    expect(events.map(({ to }) => to)).toEqual(['waiting', 'preparation', 'ready', 'delivered']);
    const deliveries = timeline.filter(({ kind }) => kind === 'delivery');
    expect(deliveries.map(({ outcome }) => outcome)).toEqual(Array(9).fill('sent'));
  });
});

describe('the timeline of a customer', () => {
  test('hides the ids of managers and the emails to other recipients', async () => {
    const { body: order } = await shop.place();
    await shop.move(order.id, 'preparation');
    await shop.requestUntilKnown('POST', `/v1/orders/${order.id}/cancel`, {
      as: shop.manager,
      body: { reasonCode: 'too_busy' },
    });
    await shop.waitForEnd(order.id);

    const timeline = await shop.timeline(order.id, shop.customer);

    const managers = timeline.filter(({ actor }) => actor?.type === 'manager');
    expect(managers.length).toBe(2);
    expect(managers.every(({ actor }) => actor?.id === null)).toBe(true);
    expect(new Set(timeline.map(({ recipient }) => recipient))).toEqual(new Set([null, 'customer']));
  });
});

describe('cancelling an order', () => {
  test('returns who cancelled and why, and emails the customer and the shop', async () => {
    const { body: order } = await shop.place();

    const cancelled = await shop.requestUntilKnown('POST', `/v1/orders/${order.id}/cancel`, {
      as: shop.customer,
      body: { reasonCode: 'customer_request', reason: 'Changed my mind' },
    });

    expect(cancelled.status).toBe(200);
    expect(cancelled.body).toMatchObject({
      status: 'cancelled',
      version: 2,
      cancellation: { reasonCode: 'customer_request', reason: 'Changed my mind', by: { type: 'customer' } },
      allowedTransitions: [],
    });
    await shop.waitForEnd(order.id);
    const emails = shop.emailsAbout(order.id).filter(({ eventId }) => eventId.endsWith(':2'));
    expect(emails.map(({ to }) => to).sort()).toEqual(['customer@example.com', 'shop@crema.example']);
  });

  test('works without a request body', async () => {
    const { body: order } = await shop.place();
    const cancelled = await shop.requestUntilKnown('POST', `/v1/orders/${order.id}/cancel`, { as: shop.customer });
    expect(cancelled.status).toBe(200);
    expect(cancelled.body.cancellation).toMatchObject({ reasonCode: null, reason: null });
  });
});
