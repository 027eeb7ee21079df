import { waitFor } from '../../stack/wait.ts';
import { openShop, type Shop } from '../shop.ts';
import { type EventStream, follow } from '../streams/event-stream.ts';
import { usd } from '../usd.ts';
import { type Receiver, startReceiver } from '../webhooks/receiver.ts';

// A manager builds a menu, and a barista sells from it to a customer at the counter.

let shop: Shop;
let barista: string;
let receiver: Receiver;
let stream: EventStream;
/** The order, as the barista gets it. */
let order: Awaited<ReturnType<Shop['place']>>['body'];

const asManager = async (method: string, path: string, body: unknown) => {
  const answer = await shop.request(method, path, { as: shop.manager, body });
  expect(answer.status).toBeLessThan(300);
  return answer.body;
};

beforeAll(async () => {
  [shop, receiver] = await Promise.all([openShop(), startReceiver()]);
  barista = await shop.signIn('barista@example.com');
  const group = await asManager('POST', '/v1/option-groups', { name: 'Syrup', min: 1, max: 3 });
  const path = `/v1/option-groups/${group.id}/options`;
  await asManager('POST', path, { name: 'Maple', priceDelta: usd(70), position: 1 });
  const { options } = await asManager('POST', path, { name: 'Ginger', priceDelta: usd(45), position: 2 });
  const product = await asManager('POST', '/v1/products', {
    name: 'Cortado',
    basePrice: usd(320),
    category: 'Coffee',
    optionGroups: [{ id: group.id }],
  });
  await asManager('POST', '/v1/webhooks', { url: receiver.url, events: ['order.placed'] });
  stream = await follow(shop, '/v1/orders/events', { as: barista });
  await stream.receives(1);

  const line = {
    productId: product.id,
    quantity: 2,
    options: [{ optionId: options[0].id, quantity: 2 }, { optionId: options[1].id }],
    note: 'Extra hot',
  };
  const placed = await shop.place({ as: barista, body: { lines: [line], customerName: 'Rosalind' } });
  expect(placed.status).toBe(201);
  order = placed.body;
}, 60_000);
afterAll(async () => {
  stream?.close();
  await receiver?.close();
  await shop?.close();
});

/** The line, as every reader gets it. */
const soldLine = {
  product: 'Cortado',
  variation: null,
  quantity: 2,
  options: [
    { group: 'Syrup', name: 'Maple', quantity: 2, unitPrice: usd(70) },
    { group: 'Syrup', name: 'Ginger', quantity: 1, unitPrice: usd(45) },
  ],
  note: 'Extra hot',
  unitPrice: usd(505),
  total: usd(1010),
};

/** The order, as events contain it. */
const soldOrder = () => ({
  id: order.id,
  channel: 'counter',
  placedBy: { type: 'barista' },
  customer: { id: null },
  lines: [soldLine],
  total: usd(1010),
});

test('the menu shows the group of options with prices', async () => {
  const { data } = (await shop.request('GET', '/v1/catalog')).body;
  expect(data.find(({ name }: { name: string }) => name === 'Cortado')).toMatchObject({
    category: 'Coffee',
    optionGroups: [
      {
        name: 'Syrup',
        min: 1,
        max: 3,
        options: [
          { name: 'Maple', priceDelta: usd(70), available: true },
          { name: 'Ginger', priceDelta: usd(45), available: true },
        ],
      },
    ],
  });
});

test('the order is for the counter, with the customer’s name', async () => {
  const read = await shop.readOrder(order.id, barista);
  expect(read.body).toEqual(order);
  expect(order).toMatchObject({ ...soldOrder(), customer: { id: null, name: 'Rosalind' } });
});

test('the shop’s email shows options, note and name, and the customer gets no email', async () => {
  const about = () => shop.smtp.arrivals.filter(({ raw }) => raw.includes(order.id));
  await waitFor('the shop’s email', () => about().length > 0, { deadline: 20_000 });
  const [{ to, mail }] = about() as [ReturnType<typeof about>[0]];
  expect(to).toEqual(['shop@crema.example']);
  for (const body of [mail.text, mail.html]) {
    for (const shown of ['Maple', 'Ginger', 'Extra hot', 'Rosalind', '$10.10']) expect(body).toContain(shown);
  }
  const suppressed = async () =>
    (await shop.timeline(order.id)).find(({ recipient }) => recipient === 'customer')?.outcome === 'suppressed';
  await waitFor('the ledger’s row of the customer', suppressed, { deadline: 20_000 });
  expect(about()).toHaveLength(1);
});

test('the timeline names the barista', async () => {
  const [placed] = await shop.timeline(order.id);
  expect(placed).toMatchObject({ type: 'order.placed', actor: order.placedBy });
});

test('the stream and the webhook deliver the order without the name', async () => {
  const events = await stream.receives(2);
  expect(events[1]?.data).toMatchObject({ type: 'order.placed', data: { order: soldOrder() } });
  const [request] = await receiver.waitForRequests(1);
  expect(request?.event).toMatchObject({ type: 'order.placed', data: { order: soldOrder() } });
  expect(JSON.stringify(events[1]) + request?.body).not.toContain('Rosalind');
});

test('Temporal’s Web UI shows options and note, but not the name', async () => {
  const described = await shop.workflow(order.id).describe();
  const summary = await described.staticSummary();
  const details = await described.staticDetails();
  expect(summary).toMatch(/^#\d+ · 2 × Cortado \(2 × Maple, Ginger\) · \$10\.10$/);
  for (const shown of ['Cortado', 'Maple', 'Ginger', 'Extra hot']) expect(details).toContain(shown);
  expect(JSON.stringify([summary, details, await shop.workflow(order.id).fetchHistory()])).not.toContain('Rosalind');
});

test('the barista moves the order to delivered', async () => {
  for (const status of ['preparation', 'ready', 'delivered'] as const) {
    const moved = await shop.requestUntilKnown('POST', `/v1/orders/${order.id}/status`, {
      as: barista,
      body: { status },
    });
    expect(moved).toMatchObject({ status: 200, body: { status, customer: { name: 'Rosalind' } } });
  }
  await shop.waitForEnd(order.id);
});
