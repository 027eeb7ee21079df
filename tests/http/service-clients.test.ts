import { createServiceClientRepository } from '../../db/service-clients.ts';
import type { Scope } from '../../domain/scopes.ts';
import { openShop, type Shop } from '../shop.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, 60_000);
afterAll(() => shop?.close());

async function newService(name: string, scopes: Scope[]): Promise<{ id: string; token: string }> {
  const { id, secret } = (await createServiceClientRepository(shop.database).add(name, scopes))!;
  const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: id, client_secret: secret });
  const answer = await fetch(`${shop.url}/oauth/token`, { method: 'POST', body: form });
  return { id, token: ((await answer.json()) as { access_token: string }).access_token };
}

test('a service reads, moves and cancels orders, and the timeline shows its name', async () => {
  const { id: service, token: as } = await newService('Kitchen', ['orders:read', 'orders:write']);
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

test('a service without orders:place cannot place or edit orders, change the menu or act as a user', async () => {
  const { token: as } = await newService('Robot', ['orders:read', 'orders:write', 'events:read', 'webhooks:write']);
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
  const { token: as } = await newService('Board', ['orders:read']);
  const { id } = (await shop.place()).body;
  expect((await shop.readOrder(id, as)).status).toBe(200);
  const refused = await shop.request('POST', `/v1/orders/${id}/status`, { as, body: { status: 'preparation' } });
  expect([refused.status, refused.body.detail]).toEqual([403, 'The access token lacks the scope orders:write.']);
});
