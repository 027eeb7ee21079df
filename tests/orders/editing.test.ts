import { expectFaults } from '../http/problem.ts';
import { openShop, type Shop } from '../shop.ts';
import { usd } from '../usd.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, 60_000);
afterAll(() => shop.close());

const edit = (id: string, body: unknown, headers: Record<string, string> = {}, as = shop.customer) =>
  shop.requestUntilKnown('PATCH', `/v1/orders/${id}`, { as, body, headers });

/** Creates a product that the test may change and returns its id. */
async function newProduct(name: string, amount: number): Promise<string> {
  const { body } = await shop.request('POST', '/v1/products', {
    as: shop.manager,
    body: { name, basePrice: usd(amount) },
  });
  return body.id;
}

describe('a customer editing a waiting order', () => {
  test('keeps the prices of kept lines, prices new lines now and records the changes', async () => {
    const productId = await newProduct('Ristretto', 250);
    const { body: order } = await shop.place({
      body: { lines: [{ productId, quantity: 2 }, await shop.line('Donuts')], note: 'Hot' },
    });
    const body = { basePrice: usd(999) };
    await shop.request('PATCH', `/v1/products/${productId}`, { as: shop.manager, body });
    const [ristretto, donuts] = order.lines;

    const edited = await edit(order.id, {
      lines: [{ id: ristretto.id, quantity: 1 }, { productId, quantity: 1 }, await shop.line('Tea', undefined, 2)],
      location: 'in_house',
      note: null,
    });

    expect(edited.status).toBe(200);
    expect(edited.headers.get('etag')).toBe('"2"');
    expect(edited.body).toMatchObject({ status: 'waiting', version: 2, location: 'in_house', note: null });
    expect(edited.body.lines).toMatchObject([
      { id: ristretto.id, quantity: 1, unitPrice: { amount: 250 }, total: { amount: 250 } },
      { product: 'Ristretto', quantity: 1, unitPrice: { amount: 999 } },
      { product: 'Tea', quantity: 2, total: { amount: 600 } },
    ]);
    expect(edited.body.total).toEqual(usd(1849));
    const read = await shop.readOrder(order.id);
    expect(read.body).toEqual(edited.body);
    const entry = (await shop.timeline(order.id, shop.customer)).find(({ type }) => type === 'order.edited');
    expect(entry).toMatchObject({ kind: 'event', version: 2, from: 'waiting', to: 'waiting' });
    expect(entry?.changes).toMatchObject({
      added: [{ product: 'Ristretto' }, { product: 'Tea' }],
      removed: [{ id: donuts.id }],
      quantities: [{ id: ristretto.id, from: 2, to: 1 }],
      location: { from: 'take_away', to: 'in_house' },
      note: { from: 'Hot', to: null },
    });
  });

  test('answers an unchanged edit with 200, without an event, and binds its idempotency key', async () => {
    const { body: order } = await shop.place();
    const body = { location: 'take_away', lines: [{ id: order.lines[0].id, quantity: 1 }] };
    const key = { 'idempotency-key': 'no-difference' };

    const first = await edit(order.id, body, key);
    expect(first.status).toBe(200);
    expect(first.body).toEqual(order);
    const other = await edit(order.id, { location: 'in_house' }, key);
    expect(other.body.code).toBe('idempotency_key_reused');

    await shop.move(order.id, 'preparation');
    await shop.requestUntilKnown('POST', `/v1/orders/${order.id}/cancel`, { as: shop.manager });
    await shop.waitForEnd(order.id);
    const again = await edit(order.id, body, key);
    expect(again.status).toBe(200);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.body).toMatchObject({ version: 1, status: 'waiting' });
  });

  test('keeps a line whose product was deleted', async () => {
    const productId = await newProduct('Short-lived', 100);
    const { body: order } = await shop.place({ body: { lines: [{ productId, quantity: 1 }] } });
    await shop.request('DELETE', `/v1/products/${productId}`, { as: shop.manager });

    const edited = await edit(order.id, { lines: [{ id: order.lines[0].id, quantity: 3 }] });

    expect(edited.body).toMatchObject({ version: 2, total: { amount: 300 } });
  });
});

describe('an edit that is not possible', () => {
  test.each([
    ['an empty body', {}, ['#']],
    ['no lines', { lines: [] }, ['#/lines']],
    ['a line of another order', { lines: [{ id: crypto.randomUUID(), quantity: 1 }] }, ['#/lines/0/id']],
    ['a total chosen by the caller', { note: 'x', total: usd(1) }, ['#/total']],
    ['a quantity of 0', { lines: [{ id: crypto.randomUUID(), quantity: 0 }] }, ['#/lines/0/quantity']],
    [
      'an unknown field in a line',
      { lines: [{ id: crypto.randomUUID(), quantity: 1, unitPrice: 1 }] },
      ['#/lines/0/unitPrice'],
    ],
  ])('rejects %s with 400 and a pointer to each fault', async (_, body, pointers) => {
    const { body: order } = await shop.place();
    expectFaults(await edit(order.id, body), pointers);
    expect((await shop.readOrder(order.id)).body).toEqual(order);
  });

  test('rejects a line that is listed twice with 400', async () => {
    const { body: order } = await shop.place();
    const line = { id: order.lines[0].id, quantity: 1 };
    expectFaults(await edit(order.id, { lines: [line, line] }), ['#/lines/1/id']);
  });

  test('answers 412 to another version', async () => {
    const { body: order } = await shop.place();
    expect((await edit(order.id, { note: 'x' }, { 'if-match': '"7"' })).status).toBe(412);
  });

  test('answers 403 to a manager', async () => {
    const { body: order } = await shop.place();
    expect((await edit(order.id, { note: 'x' }, {}, shop.manager)).status).toBe(403);
  });

  test('answers 409 after preparation has started', async () => {
    const { body: order } = await shop.place();
    await shop.move(order.id, 'preparation');
    const late = await edit(order.id, { note: 'x' });
    expect(late.status).toBe(409);
    expect(late.body).toMatchObject({ code: 'illegal_transition', currentStatus: 'preparation', version: 2 });
  });
});
