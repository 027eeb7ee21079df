import { waitFor } from '../../stack/wait.ts';
import { newCustomer } from '../http/people.ts';
import { openShop, type Shop } from '../shop.ts';

let shop: Shop;
beforeAll(async () => {
  // Reads by the current tag must come before the alert, also on a busy machine.
  shop = await openShop({ environment: { ORDER_DELAYED_AFTER: '12' } });
}, 60_000);
afterAll(() => shop?.close());

/** Places an order and returns a function that reads it, by default as its customer. */
async function placed(as: string) {
  const { id } = (await shop.place({ as })).body;
  const read = (tag?: string, reader = as) =>
    shop.request('GET', `/v1/orders/${id}`, {
      as: reader,
      ...(tag !== undefined && { headers: { 'if-none-match': tag } }),
    });
  return { id, read };
}

const tagsOfVersion1 = ['"1"', 'W/"1"', '"1-gzip"', '"0", W/"1"'];

test.each([...tagsOfVersion1, '*'])('answers 304 without a body to If-None-Match <%s>', async (tag) => {
  const { read } = await placed(shop.customer);
  for (const reader of [shop.customer, shop.manager]) {
    const answer = await read(tag, reader);
    expect([answer.status, answer.body, answer.headers.get('etag')]).toEqual([304, '', '"1"']);
  }
});

test.each(tagsOfVersion1)('returns the order to If-None-Match <%s> after a change', async (tag) => {
  const { id, read } = await placed(shop.customer);
  await shop.move(id, 'preparation');
  const { status, body, headers } = await read(tag);
  expect([status, body.version, headers.get('etag')]).toEqual([200, 2, '"2"']);
});

test('answers 304 to If-None-Match <*> after a change', async () => {
  const { id, read } = await placed(shop.customer);
  await shop.move(id, 'preparation');
  expect((await read('*')).status).toBe(304);
});

test.each(['"2"', '1', '', '"1', 'W/1'])('returns the order to the non-matching tag <%s>', async (tag) => {
  const { read } = await placed(shop.customer);
  expect(await read(tag)).toMatchObject({ status: 200, body: { version: 1 } });
});

test('answers 404 to another customer, even with the current tag', async () => {
  const { read } = await placed(shop.customer);
  const other = await newCustomer(shop, 'Other');
  expect((await read('"1"', other.token)).status).toBe(404);
});

test('does not answer 304 after an alert flagged the same version', async () => {
  const { read } = await placed(shop.customer);
  expect((await read('"1"')).status).toBe(304);
  await waitFor('the flag', async () => (await read()).body.flags.includes('delayed'), { deadline: 25_000 });
  expect(await read('"1"')).toMatchObject({ status: 200, body: { version: 1, flags: ['delayed'] } });
}, 45_000);

test('does not answer 304 after the customer was renamed or erased', async () => {
  const { id: customer, token } = await newCustomer(shop, 'Ana');
  const { read } = await placed(token);
  expect((await read('"1"', shop.manager)).status).toBe(304);
  expect((await shop.request('PATCH', '/v1/me', { as: token, body: { name: 'Anna' } })).status).toBe(200);
  expect(await read('"1"', shop.manager)).toMatchObject({ status: 200, body: { customer: { name: 'Anna' } } });
  await shop.database('users').where({ id: customer }).delete();
  expect(await read('"1"', shop.manager)).toMatchObject({ status: 200, body: { customer: { name: null } } });
});

test('answers 304 if the customer was renamed long before the order', async () => {
  const { id, token } = await newCustomer(shop, 'Bea');
  const renamed = async (secondsAgo: number) =>
    shop
      .database('users')
      .where({ id })
      .update({ name_changed_at: new Date(Date.now() - secondsAgo * 1_000) });
  await renamed(120);
  const { read } = await placed(token);
  expect((await read('"1"')).status).toBe(304);
  // Answers may have had the old name until now.
  await renamed(30);
  expect((await read('"1"')).status).toBe(200);
});

test('answers 304 for a product until any part of it changes', async () => {
  const ask = (method: string, path: string, body?: unknown, tag?: string) =>
    shop.request(method, `/v1/products${path}`, {
      as: shop.manager,
      ...(body !== undefined && { body }),
      ...(tag !== undefined && { headers: { 'if-none-match': tag } }),
    });
  const price = { amount: 100, currency: 'USD' };
  const { id } = (await ask('POST', '', { name: 'Conditional', basePrice: price })).body;
  for (const tag of ['"1"', 'W/"1"', '"1-gzip"']) {
    const answer = await ask('GET', `/${id}`, undefined, tag);
    expect([answer.status, answer.body, answer.headers.get('etag')]).toEqual([304, '', '"1"']);
  }
  await ask('POST', `/${id}/variations`, { name: 'Small', priceDelta: price });
  expect(await ask('GET', `/${id}`, undefined, '"1"')).toMatchObject({ status: 200, body: { version: 2 } });
});
