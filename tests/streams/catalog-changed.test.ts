import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createProductRepository } from '../../db/products.ts';
import { waitFor } from '../../stack/wait.ts';
import { openShop, type Shop } from '../shop.ts';
import { type EventStream, follow } from './event-stream.ts';

let shop: Shop;
const streams: EventStream[] = [];
beforeAll(async () => {
  shop = await openShop();
}, 60_000);
afterEach(() => {
  for (const stream of streams.splice(0)) stream.close();
});
afterAll(() => shop?.close());

async function open(path = '/v1/orders/events', as = shop.barista, after?: string): Promise<EventStream> {
  const stream = await follow(shop, path, { as, after });
  streams.push(stream);
  if (after === undefined) await stream.receives(1);
  return stream;
}

const changesIn = ({ events }: EventStream) => events.filter(({ event }) => event === 'catalog.changed');
const waitForChanges = (stream: EventStream, count: number) =>
  waitFor(`change ${count} of the menu`, () => changesIn(stream).length >= count, { deadline: 20_000 });

/** Creates a product that is not on the menu of other tests. */
async function newProduct(): Promise<string> {
  const body = { name: randomUUID(), basePrice: { amount: 300, currency: 'USD' } };
  return (await shop.request('POST', '/v1/products', { as: shop.manager, body })).body.id;
}

const change = (id: string, body: object) => shop.request('PATCH', `/v1/products/${id}`, { as: shop.barista, body });

test('the stream of all orders sends a CloudEvent without an id after a change of the menu', async () => {
  const id = await newProduct();
  const stream = await open();
  const seen = changesIn(stream).length;
  expect((await change(id, { available: false })).status).toBe(200);
  await waitForChanges(stream, seen + 1);
  const [sent] = changesIn(stream).slice(seen);
  expect(sent).toEqual({
    id: '',
    event: 'catalog.changed',
    data: {
      specversion: '1.0',
      type: 'catalog.changed',
      id: expect.any(String),
      source: `${shop.url}/v1/catalog`,
      time: expect.any(String),
      datacontenttype: 'application/json',
      data: {},
    },
  });
});

test('is sent when a sold-out item is available again at its time', async () => {
  const id = await newProduct();
  await change(id, { available: false });
  const stream = await open();
  const seen = changesIn(stream).length;
  await change(id, { availableAgainAt: new Date(Date.now() + 2_000).toISOString() });
  await waitForChanges(stream, seen + 1);
  const { data } = (await shop.request('GET', '/v1/catalog')).body;
  expect(data.find((item: { id: string }) => item.id === id).available).toBe(true);
});

test('is sent after a change by another process', async () => {
  const id = await newProduct();
  const stream = await open();
  const seen = changesIn(stream).length;
  const products = createProductRepository(shop.database);
  await products.save({ ...(await products.find(id))!, description: 'Changed elsewhere' });
  await waitForChanges(stream, seen + 1);
});

test('is not sent without a difference, and not to readers of one order', async () => {
  const id = await newProduct();
  const order = (await shop.place()).body;
  const [all, one] = [await open(), await open(`/v1/orders/${order.id}/events`, shop.customer)];
  const seen = changesIn(all).length;
  // The product's version rises, but the menu stays the same.
  await change(id, { available: true });
  // Longer than the pause between two checks of the menu.
  await delay(2_500);
  expect(changesIn(all).length).toBe(seen);
  await change(id, { available: false });
  await waitForChanges(all, seen + 1);
  await shop.move(order.id, 'preparation');
  await waitFor('the event of the order', () => one.ids().length > 0, { deadline: 20_000 });
  expect(changesIn(one)).toEqual([]);
});

test('does not change the position from which a client resumes', async () => {
  const [id, first] = [await newProduct(), (await shop.place()).body];
  const stream = await open();
  const seen = changesIn(stream).length;
  await shop.move(first.id, 'preparation');
  await waitFor('the move', () => stream.ids().includes(`${first.id}:2`), { deadline: 20_000 });
  await change(id, { available: false });
  await waitForChanges(stream, seen + 1);
  stream.close();

  const position = stream.events.findLast((event) => event.id !== '')!.id;
  expect(stream.events.find((event) => event.id === position)?.data.id).toBe(`${first.id}:2`);
  const second = (await shop.place()).body;
  const resumed = await open('/v1/orders/events', shop.barista, position);
  await waitFor('the order', () => resumed.ids().includes(`${second.id}:1`), { deadline: 20_000 });
  expect(resumed.ids()).toEqual([`${second.id}:1`]);
});
