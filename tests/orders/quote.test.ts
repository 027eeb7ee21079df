import { openShop, type Shop } from '../shop.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, 60_000);
afterAll(() => shop?.close());

test('a quote returns the prices and creates no order', async () => {
  const before = await shop.database('orders').count();
  const body = { lines: [await shop.line('Latte', 'Vanilla', 2)] };
  const quoted = await shop.request('POST', '/v1/orders/quote', { as: shop.customer, body });
  expect(quoted.status).toBe(200);
  expect(quoted.body).toMatchObject({ lines: [{ product: 'Latte', quantity: 2 }], total: { amount: 860 } });
  expect(quoted.body.lines[0]).not.toHaveProperty('id');
  expect(await shop.database('orders').count()).toEqual(before);
});

test('an order with a wrong expectedTotal is rejected with the total that is accepted', async () => {
  const body = { lines: [await shop.line('Tea')], expectedTotal: { amount: 299, currency: 'USD' } };
  const refused = await shop.place({ body });
  expect(refused.status).toBe(409);
  expect(refused.body).toMatchObject({ code: 'price_changed', total: { amount: 300, currency: 'USD' } });
  const placed = await shop.place({ body: { ...body, expectedTotal: refused.body.total } });
  expect(placed.status).toBe(201);
});
