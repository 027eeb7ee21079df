import { type Answer, openShop, type Shop } from '../shop.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, 60_000);
afterAll(() => shop.close());

const edit = (id: string, body: unknown, headers: Record<string, string> = {}, as = shop.customer) =>
  shop.request('PATCH', `/v1/orders/${id}`, { as, body, headers });

async function reprice(product: string, amount: number): Promise<void> {
  const { productId } = await shop.line(product);
  const body = { basePrice: { amount, currency: 'USD' } };
  await shop.request('PATCH', `/v1/products/${productId}`, { as: shop.manager, body });
}

describe('a customer editing a waiting order', () => {
  test('keeps prices of kept lines, prices new lines now and records the changes', async () => {
    const { body: order } = await shop.place({
      body: { lines: [await shop.line('Espresso', undefined, 2), await shop.line('Donuts')], note: 'Hot' },
    });
    await reprice('Espresso', 999);
    const [espresso, donuts] = order.lines;

    const edited = await edit(order.id, {
      lines: [{ id: espresso.id, quantity: 1 }, await shop.line('Espresso'), await shop.line('Tea', undefined, 2)],
      location: 'in_house',
      note: null,
    });

    await reprice('Espresso', 250);
    expect(edited.status).toBe(200);
    expect(edited.headers.get('etag')).toBe('"2"');
    expect(edited.body).toMatchObject({ status: 'waiting', version: 2, location: 'in_house', note: null });
    expect(edited.body.lines).toMatchObject([
      { id: espresso.id, quantity: 1, unitPrice: { amount: 250 }, total: { amount: 250 } },
      { product: 'Espresso', quantity: 1, unitPrice: { amount: 999 } },
      { product: 'Tea', quantity: 2, total: { amount: 600 } },
    ]);
    expect(edited.body.total).toEqual({ amount: 1849, currency: 'USD' });
    const read = await shop.readOrder(order.id);
    expect(read.body).toEqual(edited.body);
    const entry = (await shop.timeline(order.id, shop.customer)).find(({ type }) => type === 'order.edited');
    expect(entry).toMatchObject({ kind: 'event', version: 2, from: 'waiting', to: 'waiting' });
    expect(entry?.changes).toMatchObject({
      added: [{ product: 'Espresso' }, { product: 'Tea' }],
      removed: [{ id: donuts.id }],
      quantities: [{ id: espresso.id, from: 2, to: 1 }],
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
    await shop.request('POST', `/v1/orders/${order.id}/cancel`, { as: shop.manager });
    await shop.waitForEnd(order.id);
    const again = await edit(order.id, body, key);
    expect(again.status).toBe(200);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.body).toMatchObject({ version: 1, status: 'waiting' });
  });

  test('keeps a line whose product was deleted', async () => {
    const created = await shop.request('POST', '/v1/products', {
      as: shop.manager,
      body: { name: 'Short-lived', basePrice: { amount: 100, currency: 'USD' } },
    });
    const { body: order } = await shop.place({ body: { lines: [{ productId: created.body.id, quantity: 1 }] } });
    await shop.request('DELETE', `/v1/products/${created.body.id}`, { as: shop.manager });

    const edited = await edit(order.id, { lines: [{ id: order.lines[0].id, quantity: 3 }] });

    expect(edited.body).toMatchObject({ version: 2, total: { amount: 300 } });
  });
});

describe('an edit that is not possible', () => {
  test.each([
    ['nothing to change', {}, ['#']],
    ['no lines', { lines: [] }, ['#/lines']],
    ['a line of another order', { lines: [{ id: crypto.randomUUID(), quantity: 1 }] }, ['#/lines/0/id']],
    ['a price of one’s own', { note: 'x', total: { amount: 1, currency: 'USD' } }, ['#/total']],
    ['a quantity of none', { lines: [{ id: crypto.randomUUID(), quantity: 0 }] }, ['#/lines/0/quantity']],
    [
      'an unknown field in a line',
      { lines: [{ id: crypto.randomUUID(), quantity: 1, unitPrice: 1 }] },
      ['#/lines/0/unitPrice'],
    ],
  ])('rejects %s with 400 and a pointer to each fault', async (_, body, pointers) => {
    const { body: order } = await shop.place();
    const refused = await edit(order.id, body);
    expect(refused.status).toBe(400);
    expect(refused.body.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(pointers);
    const read = await shop.readOrder(order.id);
    expect(read.body).toEqual(order);
  });

  test('rejects a line that is named twice with 400', async () => {
    const { body: order } = await shop.place();
    const line = { id: order.lines[0].id, quantity: 1 };
    const refused = await edit(order.id, { lines: [line, line] });
    expect(refused.body.errors).toMatchObject([{ pointer: '#/lines/1/id' }]);
  });

  test('answers 409 in preparation, 412 to an outdated version and 403 to a manager', async () => {
    const { body: order } = await shop.place();
    expect((await edit(order.id, { note: 'x' }, { 'if-match': '"7"' })).status).toBe(412);
    expect((await edit(order.id, { note: 'x' }, {}, shop.manager)).status).toBe(403);
    await shop.move(order.id, 'preparation');
    const late = await edit(order.id, { note: 'x' });
    expect(late.status).toBe(409);
    expect(late.body).toMatchObject({ code: 'illegal_transition', currentStatus: 'preparation', version: 2 });
  });
});

describe('a quote', () => {
  test('returns the prices and creates nothing', async () => {
    const before = await shop.database('orders').count();
    const body = { lines: [await shop.line('Latte', 'Vanilla', 2)] };
    const quoted = await shop.request('POST', '/v1/orders/quote', { as: shop.customer, body });
    expect(quoted.status).toBe(200);
    expect(quoted.body).toMatchObject({ lines: [{ product: 'Latte', quantity: 2 }], total: { amount: 860 } });
    expect(quoted.body.lines[0]).not.toHaveProperty('id');
    expect(await shop.database('orders').count()).toEqual(before);
  });

  test('lets an order with another expected total be rejected with the new total', async () => {
    const body = { lines: [await shop.line('Tea')], expectedTotal: { amount: 299, currency: 'USD' } };
    const refused = await shop.place({ body });
    expect(refused.status).toBe(409);
    expect(refused.body).toMatchObject({ code: 'price_changed', total: { amount: 300, currency: 'USD' } });
    const placed = await shop.place({ body: { ...body, expectedTotal: refused.body.total } });
    expect(placed.status).toBe(201);
  });
});

describe('Prefer: respond-async', () => {
  test('answers 202 and applies the change once', async () => {
    const { body: order } = await shop.place();
    const headers = { prefer: 'respond-async, wait=5', 'idempotency-key': 'later' };
    const options = { as: shop.manager, body: { status: 'preparation' }, headers };
    const ask = () => shop.request('POST', `/v1/orders/${order.id}/status`, options);
    const expectAccepted = ({ status, headers: answered }: Answer) => {
      expect(status).toBe(202);
      expect(answered.get('preference-applied')).toBe('respond-async');
      expect(answered.get('location')).toBe(`/v1/orders/${order.id}`);
    };
    for (let times = 0; times < 2; times += 1) expectAccepted(await ask());
    await shop.waitForStatus(order.id, 'preparation');
    const replay = await ask();
    expectAccepted(replay);
    expect(replay.headers.get('idempotency-replayed')).toBe('true');
    const { prefer: _, ...waiting } = headers;
    const patient = await shop.request('POST', `/v1/orders/${order.id}/status`, { ...options, headers: waiting });
    expect([patient.status, patient.body.version]).toEqual([200, 2]);
    await shop.move(order.id, 'ready');
    await shop.move(order.id, 'delivered');
    await shop.waitForEnd(order.id);
    const moves = (await shop.timeline(order.id)).filter(({ kind }) => kind === 'event');
    expect(moves.map(({ to }) => to)).toEqual(['waiting', 'preparation', 'ready', 'delivered']);
    const late = await shop.request('POST', `/v1/orders/${order.id}/cancel`, {
      as: shop.manager,
      headers: { prefer: 'respond-async' },
    });
    expect(late.status).toBe(409);
  });
});
