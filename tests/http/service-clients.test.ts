import { openShop, type Shop } from '../shop.ts';
import { newService } from './people.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, 60_000);
afterAll(() => shop?.close());

test('a service reads, moves and cancels orders, and the timeline shows its name', async () => {
  const { id: service, token: as } = await newService(shop, ['orders:read', 'orders:write']);
  const { id } = (await shop.place()).body;

  const order = await shop.readOrder(id, as);
  expect([order.status, order.body.allowedTransitions]).toEqual([200, ['preparation', 'cancelled']]);
  expect((await shop.request('GET', '/v1/orders', { as })).body.data.map((each: { id: string }) => each.id)).toContain(
    id,
  );
  const change = (path: string, body: object) =>
    shop.requestUntilKnown('POST', `/v1/orders/${id}/${path}`, { as, body });
  const moved = await change('status', { status: 'preparation' });
  expect([moved.status, moved.body.status]).toEqual([200, 'preparation']);
  const cancelled = await change('cancel', { reasonCode: 'out_of_stock' });
  expect([cancelled.status, cancelled.body.cancellation.by]).toEqual([200, { type: 'service', id: service }]);

  const events = (await shop.timeline(id)).filter(({ kind }) => kind === 'event');
  expect(events.slice(1).map(({ actor }) => actor)).toEqual([
    { type: 'service', id: service },
    { type: 'service', id: service },
  ]);
});

test('a service without orders:place cannot place, edit, change the menu or be a user', async () => {
  const { token: as } = await newService(shop, ['orders:read', 'orders:write', 'events:read', 'webhooks:write']);
  const { id } = (await shop.place()).body;
  const lines = [await shop.line('Tea')];
  const tries = await Promise.all([
    shop.request('POST', '/v1/orders', { as, body: { lines } }),
    shop.request('POST', '/v1/orders/quote', { as, body: { lines } }),
    shop.request('PATCH', `/v1/orders/${id}`, { as, body: { note: 'To go' } }),
    shop.request('GET', '/v1/products', { as }),
    shop.request('GET', '/v1/me', { as }),
  ]);
  expect(tries.map(({ status, body }) => [status, body.code])).toEqual(tries.map(() => [403, 'forbidden']));
});

test('a service with only orders:read cannot move orders', async () => {
  const { token: as } = await newService(shop, ['orders:read']);
  const { id } = (await shop.place()).body;
  expect((await shop.readOrder(id, as)).status).toBe(200);
  const refused = await shop.request('POST', `/v1/orders/${id}/status`, { as, body: { status: 'preparation' } });
  expect([refused.status, refused.body.detail]).toEqual([403, 'The access token lacks the scope orders:write.']);
});
