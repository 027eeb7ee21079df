import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import type { OrderCloudEvent } from '../../domain/order/cloud-event.ts';
import { waitFor } from '../../stack/wait.ts';
import { type OrderRunOptions, orderWorkflowType, workflowIdOf } from '../../workflows/messages/definitions.ts';
import { aPlacement } from '../domain/an-order.ts';
import { expectFaults, expectProblem } from '../http/problem.ts';
import { type Answer, openShop, type Shop } from '../shop.ts';
import { follow } from '../streams/event-stream.ts';
import { usd } from '../usd.ts';
import { webhooksOf } from '../webhooks/manager.ts';
import { startReceiver, verified } from '../webhooks/receiver.ts';
import { catalogOf, type GroupOnSale } from './options-on-sale.ts';

let shop: Shop;
let redis: Redis;
let milk: GroupOnSale;
let extras: GroupOnSale;
/** A product of 5.00 with the groups Dairy (one of Oat +0.60 and Soy +0.50) and Toppings (at most three). */
let mocha: string;
/** A product of 2.00 without option groups. */
let scone: string;

const catalog = catalogOf(() => shop);

beforeAll(async () => {
  redis = new Redis(process.env.REDIS_URL as string);
  shop = await openShop();
  milk = await catalog.group('Dairy', { min: 1, max: 1 }, { Oat: 60, Soy: 50 });
  extras = await catalog.group('Toppings', { min: 0, max: 3 }, { Shot: 100, Cocoa: 0 });
  mocha = await catalog.product('Mocha', 500, [milk, extras]);
  scone = await catalog.product('Scone', 200, []);
}, 60_000);
afterAll(async () => {
  redis?.disconnect();
  await shop?.close();
});

const option = (group: GroupOnSale, name: string, quantity?: number) => ({
  optionId: group.ids[name],
  ...(quantity !== undefined && { quantity }),
});

/** Two mochas with oat milk, two shots each and a note: 2 × (5.00 + 0.60 + 2.00). */
const theLine = () => ({
  productId: mocha,
  quantity: 2,
  options: [option(milk, 'Oat'), option(extras, 'Shot', 2)],
  note: 'Extra hot',
});

const theAnswer = () => ({
  product: 'Mocha',
  quantity: 2,
  options: [
    { id: milk.ids.Oat, group: 'Dairy', name: 'Oat', quantity: 1, unitPrice: usd(60) },
    { id: extras.ids.Shot, group: 'Toppings', name: 'Shot', quantity: 2, unitPrice: usd(100) },
  ],
  note: 'Extra hot',
  unitPrice: usd(760),
  total: usd(1_520),
});

const place = (lines: unknown[], more: object = {}) => shop.place({ body: { lines, ...more } });

const edit = (id: string, lines: unknown[]) =>
  shop.requestUntilKnown('PATCH', `/v1/orders/${id}`, { as: shop.customer, body: { lines } });

const quote = (lines: unknown[]) => shop.request('POST', '/v1/orders/quote', { as: shop.customer, body: { lines } });

/** Expects a 409 with exactly these faults. */
const expectOptionFaults = (answer: Answer, faults: Record<string, string>[]) =>
  expectProblem(answer, 'options_invalid', {
    errors: faults.map((fault) => {
      const [pointer, detail] = Object.entries(fault)[0]!;
      return { pointer, detail };
    }),
  });

describe('an order with options and a line note', () => {
  test('has their names and prices, and keeps them when the catalog changes', async () => {
    const syrups = await catalog.group('Syrup', { min: 0, max: 2 }, { Maple: 70 });
    const productId = await catalog.product('Chai', 400, [syrups]);
    const lines = [{ productId, quantity: 1, options: [option(syrups, 'Maple', 2)] }];
    const { status, body: order } = await place(lines);
    expect(status).toBe(201);

    const options = `/v1/option-groups/${syrups.id}/options`;
    await catalog.ask('PATCH', `${options}/${syrups.ids.Maple}`, { name: 'Agave', priceDelta: usd(99) });
    await catalog.ask('PATCH', `/v1/option-groups/${syrups.id}`, { name: 'Sugar' });
    await catalog.ask('DELETE', `/v1/option-groups/${syrups.id}`);

    expect((await shop.readOrder(order.id)).body).toEqual(order);
    expect(order).toMatchObject({
      lines: [
        {
          options: [{ id: syrups.ids.Maple, group: 'Syrup', name: 'Maple', quantity: 2, unitPrice: usd(70) }],
          unitPrice: usd(540),
        },
      ],
      total: usd(540),
    });
    expectOptionFaults(await place(lines), [{ '#/lines/0/options/0': 'is not an option of this product' }]);
  });

  test('costs what the quote and expectedTotal say', async () => {
    const lines = [theLine(), { productId: scone, quantity: 1 }];
    const quoted = await quote(lines);
    expect(quoted.body).toMatchObject({
      lines: [theAnswer(), { product: 'Scone', options: [], note: null }],
      total: usd(1_720),
    });
    const wrong = await place(lines, { expectedTotal: usd(1_120) });
    expect(wrong.body).toMatchObject({ code: 'price_changed', total: quoted.body.total });
    const placed = await place(lines, { expectedTotal: quoted.body.total });
    expect(placed.body).toMatchObject({ total: usd(1_720), channel: 'online', placedBy: { type: 'customer' } });
    expect(placed.body.lines).toMatchObject(quoted.body.lines);
  });

  test('an omitted quantity is 1 and has the same fingerprint', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const lines = (quantity?: number) => [{ productId: mocha, quantity: 1, options: [option(milk, 'Soy', quantity)] }];
    const first = await shop.place({ body: { lines: lines() }, headers });
    expect(first.body.lines).toMatchObject([{ options: [{ name: 'Soy', quantity: 1 }] }]);
    const second = await shop.place({ body: { lines: lines(1) }, headers });
    expect({ status: second.status, id: second.body.id }).toEqual({ status: 201, id: first.body.id });
  });

  test.each(['', '  \n ', '\u200b\u2060\u3164'])('the line note %j counts as absent', async (note) => {
    const { body } = await place([{ productId: scone, quantity: 1, note }]);
    expect(body.lines).toMatchObject([{ options: [], note: null }]);
    const { snapshot } = await shop.database('orders').where({ id: body.id }).first();
    expect(Object.keys(snapshot.lines[0])).not.toEqual(expect.arrayContaining(['note']));
  });

  test('is the same in Redis, streams, webhooks, the timeline, emails and Temporal', async () => {
    const receiver = await startReceiver();
    const subscriber = redis.duplicate();
    const published: OrderCloudEvent[] = [];
    const stream = await follow(shop, '/v1/orders/events', { as: shop.manager });
    try {
      const { secret } = await webhooksOf(() => shop).register(receiver.url, { events: ['order.placed'] });
      await subscriber.subscribe('orders');
      subscriber.on('message', (_, message) => published.push(JSON.parse(message)));
      const { body: order } = await place([theLine()]);
      expect(order.lines).toMatchObject([theAnswer()]);
      const isAbout = ({ subject }: { subject: string }) => subject === order.id;

      const [request] = await receiver.waitForRequests(1, ({ event }) => isAbout(event));
      expect(verified(request!, secret)).toMatchObject({ data: { order: { lines: order.lines, channel: 'online' } } });
      await waitFor('The message in Redis', () => published.some(isAbout), { deadline: 20_000 });
      expect(published.find(isAbout)?.data.order).toMatchObject({ lines: order.lines, placedBy: order.placedBy });
      const streamed = () => stream.events.find(({ event, data }) => event === 'order.placed' && isAbout(data));
      await waitFor('The event in the stream', () => streamed() !== undefined, { deadline: 20_000 });
      expect(streamed()?.data.data.order.lines).toEqual(order.lines);
      const snapshot = await follow(shop, `/v1/orders/${order.id}/events`, { as: shop.customer });
      expect((await snapshot.receives(1))[0]?.data.order.lines).toEqual(order.lines);
      snapshot.close();

      await waitFor('The emails', () => emailsAbout(order.id).length === 2, { deadline: 20_000 });
      for (const { text, html } of emailsAbout(order.id)) {
        expect(text).toMatch(/^2 × Mocha \(Oat, 2 × Shot\), .*\n {2}“Extra hot”$/m);
        expect(html).toContain('Oat, 2 × Shot');
        expect(html).toContain('“Extra hot”');
      }
      const described = await shop.workflow(order.id).describe();
      expect(await described.staticSummary()).toBe(`#${order.number} · 2 × Mocha (Oat, 2 × Shot) · $15.20`);
      expect(await described.staticDetails()).toContain('| 2 × Mocha (Oat, 2 × Shot) · “Extra hot” | $7.60 | $15.20 |');
    } finally {
      stream.close();
      subscriber.disconnect();
      await receiver.close();
    }
  });

  test('is shown in the language of its customer', async () => {
    const preferences = { as: shop.customer, body: { language: 'pt' } };
    await shop.request('PATCH', '/v1/me', preferences);
    try {
      const { body: order } = await place([theLine()]);
      const mine = () => emailsAbout(order.id).filter(({ to }) => to === 'customer@example.com');
      await waitFor('The email', () => mine().length > 0, { deadline: 20_000 });
      expect(mine()[0]?.text).toMatch(/^2 × Mocha \(Oat, 2 × Shot\), US\$\s7,60 cada .*\n {2}“Extra hot”$/m);
    } finally {
      await shop.request('PATCH', '/v1/me', { ...preferences, body: { language: 'en' } });
    }
  });
});

const emailsAbout = (id: string) =>
  shop.smtp.arrivals
    .filter(({ mail }) => String(mail.headers.get('x-crema-event-id')).startsWith(id))
    .map(({ mail, to }) => ({ text: mail.text ?? '', html: String(mail.html), to: to.join() }));

describe('an edit', () => {
  test('keeps the options and the note of a kept line and checks the options of a new line', async () => {
    const { body: order } = await place([theLine()]);
    const [kept] = order.lines;
    const added = { productId: mocha, quantity: 1, options: [option(milk, 'Soy')], note: 'Cold' };

    const edited = await edit(order.id, [added, { id: kept.id, quantity: 1 }]);

    expect(edited.status).toBe(200);
    expect(edited.body).toMatchObject({
      lines: [
        { ...theAnswer(), id: kept.id, quantity: 1, total: usd(760) },
        { product: 'Mocha', options: [{ name: 'Soy' }], note: 'Cold', total: usd(550) },
      ],
      total: usd(1_310),
    });
    const changes = (await shop.timeline(order.id, shop.customer)).find(({ type }) => type === 'order.edited')?.changes;
    expect(changes).toMatchObject({ added: [edited.body.lines[1]], quantities: [{ id: kept.id, from: 2, to: 1 }] });

    const removed = await edit(order.id, [{ id: edited.body.lines[1].id, quantity: 1 }]);
    const last = (await shop.timeline(order.id)).findLast(({ type }) => type === 'order.edited');
    expect(last?.changes?.removed).toEqual([edited.body.lines[0]]);
    expect((await shop.readOrder(order.id)).body.lines).toEqual(removed.body.lines);
  });

  test('points to the lines of the edit, including kept lines', async () => {
    const { body: order } = await place([{ productId: scone, quantity: 1 }]);
    const kept = { id: order.lines[0].id, quantity: 2 };
    const wine = { optionId: randomUUID() };
    const lines = [kept, { productId: mocha, quantity: 1, options: [option(extras, 'Cocoa'), wine] }, theLine()];
    expectOptionFaults(await edit(order.id, lines), [
      { '#/lines/1/options/1': 'is not an option of this product' },
      { '#/lines/1/options': 'Dairy: choose at least 1' },
    ]);
    expect((await shop.readOrder(order.id)).body).toEqual(order);
  });

  test('rejects options and a note on a kept line with 400', async () => {
    const { body: order } = await place([theLine()]);
    const kept = { id: order.lines[0].id, quantity: 1 };
    expectFaults(await edit(order.id, [{ ...kept, options: [] }]), ['#/lines/0/options']);
    expectFaults(await edit(order.id, [{ ...kept, note: 'Cold' }]), ['#/lines/0/note']);
  });
});

// The run options of orders that older versions have started, and whose workflows are still open.
test.each<[string, OrderRunOptions[]]>([
  ['without run options', []],
  ['with UTF-16 limits', [{ events: 250, announces: true }]],
  ['with a pattern for names', [{ events: 250, announces: true, codePoints: true }]],
])('an order of an older version, %s, takes an edit with options', async (_, runOptions) => {
  const { id: customerId } = (await shop.request('GET', '/v1/me', { as: shop.customer })).body;
  const placement = aPlacement({ id: randomUUID(), customer: { id: customerId } });
  await shop.temporal.workflow.start(orderWorkflowType, {
    workflowId: workflowIdOf(placement.id),
    taskQueue: shop.taskQueue,
    args: [placement, ...runOptions],
  });
  const [latte, tea] = placement.lines;
  await waitFor('The order', async () => (await shop.readOrder(placement.id)).status === 200, { deadline: 20_000 });
  expect((await shop.readOrder(placement.id)).body).toMatchObject({
    channel: 'online',
    placedBy: { type: 'customer', id: customerId },
    lines: [
      { id: latte!.id, options: [], note: null },
      { id: tea!.id, options: [], note: null },
    ],
  });
  const edited = await edit(placement.id, [{ id: latte!.id, quantity: 1 }, theLine()]);
  expect(edited.body).toMatchObject({ version: 2, lines: [{ id: latte!.id }, theAnswer()], total: usd(1_950) });
  const [, entry] = (await shop.timeline(placement.id)).filter(({ kind }) => kind === 'event');
  expect(entry).toMatchObject({ actor: { type: 'customer' }, changes: { added: [theAnswer()] } });
});

describe('options that are not possible', () => {
  const line = (...options: object[]) => ({ productId: mocha, quantity: 1, options });

  test.each(['/v1/orders', '/v1/orders/quote'])('POST %s lists every fault', async (path) => {
    const other = await catalog.group(`Size ${randomUUID()}`, { min: 0, max: 1 }, { Large: 50 });
    const lines = [
      theLine(),
      line(option(other, 'Large'), option(milk, 'Oat'), option(milk, 'Oat')),
      line(option(milk, 'Oat'), option(extras, 'Shot', 2), option(extras, 'Cocoa', 2)),
      { productId: mocha, quantity: 1 },
      { productId: scone, quantity: 1, options: [option(milk, 'Oat')] },
    ];
    expectOptionFaults(await shop.request('POST', path, { as: shop.customer, body: { lines } }), [
      { '#/lines/1/options/0': 'is not an option of this product' },
      { '#/lines/1/options/2': 'is repeated: send it once, with a `quantity`' },
      { '#/lines/1/options': 'Dairy: choose at most 1' },
      { '#/lines/2/options': 'Toppings: choose at most 3' },
      { '#/lines/3/options': 'Dairy: choose at least 1' },
      { '#/lines/4/options/0': 'is not an option of this product' },
    ]);
  });

  test.each([
    ['the minimum', 2, ['least', 2]],
    ['the maximum', 5, ['most', 4]],
  ])('a product’s own limits replace %s of the group', async (_, quantity, [side, limit]) => {
    const productId = await catalog.product(`Tower ${randomUUID()}`, 100, [{ ...extras, min: 2, max: 4 }]);
    const lines = (count: number) => [{ productId, quantity: 1, options: [option(extras, 'Cocoa', count)] }];
    expect((await place(lines(quantity === 2 ? 2 : 4))).status).toBe(201);
    expectOptionFaults(await place(lines(quantity === 2 ? 1 : 5)), [
      { '#/lines/0/options': `Toppings: choose at ${side} ${limit}` },
    ]);
  });

  test('an option that is sold out after the quote is refused, and accepted again later', async () => {
    const rare = await catalog.group(`Rare ${randomUUID()}`, { min: 0, max: 1 }, { Gold: 900 });
    const productId = await catalog.product(`Plain ${randomUUID()}`, 100, [rare]);
    const lines = [{ productId, quantity: 1, options: [option(rare, 'Gold')] }];
    const { body: quoted } = await quote(lines);
    await catalog.setAvailable(rare, 'Gold', false);
    const refused = await place(lines, { expectedTotal: quoted.total });
    expectOptionFaults(refused, [{ '#/lines/0/options/0': 'is not available' }]);
    await catalog.setAvailable(rare, 'Gold', true);
    expect((await place(lines, { expectedTotal: quoted.total })).status).toBe(201);
  });

  test('an option is available again at its availableAgainAt', async () => {
    const late = await catalog.group(`Late ${randomUUID()}`, { min: 1, max: 1 }, { Pie: 300 });
    const productId = await catalog.product(`Menu ${randomUUID()}`, 100, [late]);
    const lines = [{ productId, quantity: 1, options: [option(late, 'Pie')] }];
    const availableAgainAt = new Date(Date.now() + 3_600_000).toISOString();
    const path = `/v1/option-groups/${late.id}/options/${late.ids.Pie}`;
    await catalog.ask('PATCH', path, { availableAgainAt });
    expectOptionFaults(await place(lines), [{ '#/lines/0/options/0': 'is not available' }]);
    // The time passes without a change of the catalog.
    await shop
      .database('options')
      .where({ id: late.ids.Pie })
      .update({ available_again_at: new Date(0) });
    expect((await place(lines)).status).toBe(201);
  });

  test('a deleted option is not an option of the product', async () => {
    const short = await catalog.group(`Short ${randomUUID()}`, { min: 0, max: 1 }, { Ice: 0 });
    const productId = await catalog.product(`Cold ${randomUUID()}`, 100, [short]);
    await catalog.ask('DELETE', `/v1/option-groups/${short.id}/options/${short.ids.Ice}`);
    expectOptionFaults(await place([{ productId, quantity: 1, options: [option(short, 'Ice')] }]), [
      { '#/lines/0/options/0': 'is not an option of this product' },
    ]);
  });

  test('product_unavailable precedes options_invalid, which precedes price_changed', async () => {
    const invalid = line();
    const unknown = { productId: randomUUID(), quantity: 1 };
    expectProblem(await place([invalid, unknown]), 'product_unavailable', { errors: expect.any(Array) });
    expectOptionFaults(await place([invalid], { expectedTotal: usd(1) }), [
      { '#/lines/0/options': 'Dairy: choose at least 1' },
    ]);
  });

  test.each<[string, () => object, string[]]>([
    ['21 options', () => ({ options: Array.from({ length: 21 }, () => ({ optionId: randomUUID() })) }), ['/options']],
    ['a quantity of 0', () => ({ options: [option(milk, 'Oat', 0)] }), ['/options/0/quantity']],
    ['a quantity of 21', () => ({ options: [option(milk, 'Oat', 21)] }), ['/options/0/quantity']],
    ['a quantity of 1.5', () => ({ options: [option(milk, 'Oat', 1.5)] }), ['/options/0/quantity']],
    ['an option without an id', () => ({ options: [{ quantity: 1 }] }), ['/options/0/optionId']],
    ['a price', () => ({ options: [{ ...option(milk, 'Oat'), unitPrice: usd(0) }] }), ['/options/0/unitPrice']],
    ['options that are null', () => ({ options: null }), ['/options']],
    ['a note of 201 emoji', () => ({ note: '🥐'.repeat(201) }), ['/note']],
    ['a note with control characters', () => ({ note: 'hot\u0007' }), ['/note']],
    ['a note that is null', () => ({ note: null }), ['/note']],
  ])('rejects %s with 400', async (_, fields, pointers) => {
    const lines = [{ ...theLine(), ...fields() }];
    for (const answer of [await place(lines), await quote(lines)]) {
      expectFaults(
        answer,
        pointers.map((pointer) => `#/lines/0${pointer}`),
      );
    }
  });

  test('accepts fifty lines of twenty options with long names, and refuses larger orders with 413', async () => {
    const sell = async (word: string) => {
      const names = Array.from({ length: 20 }, (_, index) => `${word} ${index}`.padEnd(30, '.'));
      const group = await catalog.group(word, { min: 0, max: 20 }, Object.fromEntries(names.map((name) => [name, 0])));
      const productId = await catalog.product(`All ${word.slice(0, 4)}`, 100, [group]);
      const line = { productId, quantity: 1, options: Object.values(group.ids).map((optionId) => ({ optionId })) };
      return Array.from({ length: 50 }, () => line);
    };
    const usual = await sell('Long');
    const large = await sell('長'.repeat(97));
    const { status, body: order } = await place(usual);
    expect(status).toBe(201);
    for (const answer of [await place(large), await quote(large), await edit(order.id, large)]) {
      expectProblem(answer, 'payload_too_large');
    }
    const kept = order.lines.slice(0, 30).map(({ id }: { id: string }) => ({ id, quantity: 1 }));
    expectProblem(await edit(order.id, [...kept, ...large.slice(0, 16)]), 'payload_too_large');
    expect((await shop.readOrder(order.id)).body).toEqual(order);

    const edited = await edit(order.id, usual);
    expect({ status: edited.status, version: edited.body.version }).toEqual({ status: 200, version: 2 });
    for (const to of ['preparation', 'ready', 'delivered'] as const) {
      expect((await shop.move(order.id, to)).status).toBe(200);
    }
    await shop.waitForEnd(order.id);
  });

  test('accepts 50 lines, each with 20 options and a note of 200 escaped emoji', async () => {
    const names = Array.from({ length: 20 }, (_, index) => [`No ${index}`, 1] as const);
    const many = await catalog.group(`Many ${randomUUID()}`, { min: 20, max: 20 }, Object.fromEntries(names));
    const productId = await catalog.product(`Rich ${randomUUID()}`, 100, [many]);
    const options = names.map(([name]) => option(many, name, 1));
    const note = '🥐'.repeat(200);
    const lines = Array.from({ length: 50 }, () => ({ productId, quantity: 99, options, note }));
    const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16)}`;
    const ofOrder = '🥐'.repeat(500);
    const json = JSON.stringify({ lines, note: ofOrder }, null, 4).replaceAll(/[\ud800-\udfff]/g, escaped);
    const { status, body } = await shop.place({ body: json.padEnd(300_000) });
    expect(status).toBe(201);
    expect(body).toMatchObject({ note: ofOrder, total: usd(50 * 99 * 120) });
    for (const line of body.lines) {
      expect(line).toMatchObject({ unitPrice: usd(120), note });
      expect(line.options).toHaveLength(20);
    }
  });
});
