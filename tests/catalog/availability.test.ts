import { newBarista } from '../http/people.ts';
import { expectProblem } from '../http/problem.ts';
import { openShop, type Shop } from '../shop.ts';
import { usd } from '../usd.ts';
import { managerOf } from './manager.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ worker: false });
}, 60_000);
afterAll(() => shop?.close());

const manager = managerOf(() => shop);
const patch = (path: string, body: object, as = shop.barista) =>
  shop.request('PATCH', `/v1/products/${path}`, { as, body });

test('a barista marks products and variations as sold out and available', async () => {
  const { id } = await manager.product();
  const variationId = (await manager.variation(id)).variations[0]!.id;
  const { token } = await newBarista(shop);
  for (const available of [false, true]) {
    const product = await patch(id, { available }, token);
    expect([product.status, product.body.available]).toEqual([200, available]);
    const variation = await patch(`${id}/variations/${variationId}`, { available }, token);
    expect([variation.status, variation.body.variations[0].available]).toEqual([200, available]);
  }
});

describe('a barista', () => {
  test.each<[string, object]>([
    ['a price', { basePrice: usd(1) }],
    ['a name', { name: 'Free Coffee' }],
    ['the availability together with the position', { available: false, position: 9 }],
  ])('cannot change %s of a product', async (_, change) => {
    const before = await manager.product();
    const refused = await patch(before.id, change);
    expectProblem(refused, 'forbidden');
    expect(refused.body.detail).toMatch(/^The access token lacks the scope catalog:write\. /);
    expect(refused.headers.get('www-authenticate')).toBe(
      'Bearer realm="crema", error="insufficient_scope", scope="catalog:write"',
    );
    expect(await manager.read(before.id)).toEqual(before);
  });

  test.each<[string, object]>([
    ['the price', { priceDelta: usd(0) }],
    ['the name together with the availability', { available: true, name: 'Free Milk' }],
  ])('cannot change %s of a variation', async (_, change) => {
    const { id } = await manager.product();
    const before = await manager.variation(id);
    expectProblem(await patch(`${id}/variations/${before.variations[0]!.id}`, change), 'forbidden');
    expect(await manager.read(id)).toEqual(before);
  });
});

test('a manager’s token with availability:write alone changes only the availability', async () => {
  const { id } = await manager.product();
  const form = { grant_type: 'password', client_id: 'crema', username: 'manager@example.com', password: 'test' };
  const body = new URLSearchParams({ ...form, scope: 'availability:write' });
  const answer = await fetch(`${shop.url}/oauth/token`, { method: 'POST', body });
  const { access_token: token } = (await answer.json()) as { access_token: string };
  expect((await patch(id, { available: false }, token)).status).toBe(200);
  expectProblem(await patch(id, { available: true, basePrice: usd(1) }, token), 'forbidden');
});
