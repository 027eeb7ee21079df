import type { Choice } from '../../domain/catalog/choices.ts';
import type { Product } from '../../domain/catalog/product.ts';
import { expectFaults, expectProblem } from '../http/problem.ts';
import { openShop, type Shop } from '../shop.ts';
import { usd } from '../usd.ts';
import { managerOf, newName } from './manager.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ worker: false });
}, 60_000);
afterAll(() => shop.close());

const manager = managerOf(() => shop);
const nowhere = '0c0ffee0-0000-4000-8000-0000000000ff';

/** A product with one variation, at version 2. */
async function withVariation(fields: object = {}) {
  const { id } = await manager.product();
  const product = await manager.variation(id, fields);
  const [variation] = product.variations as [Choice];
  return { product, variation, path: `/${id}/variations/${variation.id}` };
}

test('adding a variation returns the product with it and the next version', async () => {
  const before = await manager.product();
  const fields = { name: newName(), priceDelta: usd(60), available: false, availableAgainAt: null, position: 4 };

  const { status, headers, body } = await manager.ask('POST', `/${before.id}/variations`, fields);

  expect({ status, etag: headers.get('etag') }).toEqual({ status: 201, etag: '"2"' });
  expect(body).toEqual({
    ...before,
    version: 2,
    updatedAt: expect.any(String),
    variations: [{ id: expect.stringMatching(/^[0-9a-f-]{36}$/), ...fields, deletedAt: null }],
  });
  expect(await manager.read(before.id)).toEqual(body);
});

test('a variation with only a name and a price is on sale at the first position', async () => {
  const { variation } = await withVariation();
  expect(variation).toMatchObject({ available: true, position: 0 });
});

test.each<[string, object]>([
  ['name', { name: 'Renamed' }],
  ['price', { priceDelta: usd(0) }],
  ['availability', { available: false }],
  ['position', { position: 9 }],
])('changing a variation’s %s keeps the rest and raises the product’s version', async (_, change) => {
  const { product, variation, path } = await withVariation();

  const { status, headers, body } = await manager.ask('PATCH', path, change);

  expect({ status, etag: headers.get('etag') }).toEqual({ status: 200, etag: '"3"' });
  expect(body).toEqual({
    ...product,
    version: 3,
    updatedAt: expect.any(String),
    variations: [{ ...variation, ...change }],
  });
  expect(await manager.read(product.id)).toEqual(body);
});

describe('deleting a variation', () => {
  test('removes it from the product and keeps the row', async () => {
    const { product, variation, path } = await withVariation();

    const { status, headers, body } = await manager.ask('DELETE', path);

    expect({ status, etag: headers.get('etag') }).toEqual({ status: 200, etag: '"3"' });
    expect(body).toMatchObject({ id: product.id, version: 3, variations: [] });
    expect((await manager.ask('GET', `/${product.id}`)).body).toEqual(body);
    const kept = { ...variation, deletedAt: expect.any(String) };
    expect((await manager.read(product.id)).variations).toEqual([kept]);
    const { body: all } = await manager.ask('GET', '?include=deleted');
    expect(all.data.find(({ id }: Product) => id === product.id).variations).toEqual([kept]);
    for (const [method, change] of [
      ['PATCH', { position: 1 }],
      ['DELETE', undefined],
    ] as const) {
      expectProblem(await manager.ask(method, path, change), 'not_found');
    }
  });

  test('lets it be restored; restoring it again changes nothing', async () => {
    const { product, variation, path } = await withVariation();
    await manager.ask('DELETE', path);
    for (const _ of ['first', 'second']) {
      const { status, headers, body } = await manager.ask('POST', `${path}/restore`);
      expect({ status, etag: headers.get('etag') }).toEqual({ status: 200, etag: '"4"' });
      expect(body).toMatchObject({ id: product.id, version: 4, variations: [variation] });
    }
  });
});

describe('a missing variation', () => {
  const writes = [
    ['PATCH', '', { position: 1 }],
    ['DELETE', '', undefined],
    ['POST', '/restore', undefined],
  ] as const;

  test.each(writes)('answers 404 to %s …%s if unknown, of another product or of a deleted one', async (...write) => {
    const [method, path, body] = write;
    const [one, other] = [await withVariation(), await withVariation()];
    const ofDeleted = await withVariation();
    await manager.ask('DELETE', `/${ofDeleted.product.id}`);
    for (const place of [
      `/${nowhere}/variations/${nowhere}`,
      `/${one.product.id}/variations/${nowhere}`,
      `/${one.product.id}/variations/${other.variation.id}`,
      ofDeleted.path,
    ]) {
      expectProblem(await manager.ask(method, `${place}${path}`, body), 'not_found');
    }
    for (const { product } of [one, other]) expect(await manager.read(product.id)).toEqual(product);
  });

  test('reports an invalid id', async () => {
    expectFaults(await manager.ask('PATCH', '/1/variations/2', {}), ['?id', '?variationId', '#']);
  });
});

describe('a variation name that its product already has', () => {
  test('is refused in any letter case until that variation is deleted', async () => {
    const name = newName('Oat');
    const { product, path } = await withVariation({ name });
    const two = await manager.variation(product.id);
    const other = `/${product.id}/variations/${two.variations.find((each) => each.name !== name)?.id}`;
    for (const taken of [name, name.toUpperCase(), ` ${name.toLowerCase()} `]) {
      const body = { name: taken, priceDelta: usd(1) };
      expectProblem(await manager.ask('POST', `/${product.id}/variations`, body), 'name_taken');
      expectProblem(await manager.ask('PATCH', other, { name: taken }), 'name_taken');
    }
    expect(await manager.read(product.id)).toEqual(two);

    await manager.ask('DELETE', path);

    expect(await manager.ask('PATCH', other, { name })).toMatchObject({ status: 200 });
    expectProblem(await manager.ask('POST', `${path}/restore`), 'name_taken');
  });

  test('is allowed on another product', async () => {
    const name = newName('Oat');
    await withVariation({ name });
    expect((await withVariation({ name })).variation.name).toBe(name);
  });

  // Postgres and JavaScript convert these to lower case differently.
  test.each([
    ['ΑΣ', 'ασ'],
    ['İ', 'i'],
    ['ẞ', 'ß'],
  ])('keeps the product consistent when %s gets a sibling %s', async (one, other) => {
    const { product } = await withVariation({ name: one });
    const before = await manager.read(product.id);
    const answer = await manager.ask('POST', `/${product.id}/variations`, { name: other, priceDelta: usd(1) });
    if (answer.status !== 201) expectProblem(answer, 'name_taken');
    expect(await manager.read(product.id)).toEqual(answer.status === 201 ? answer.body : before);
  });
});

describe('an invalid variation', () => {
  test.each<[string, object, string[]]>([
    ['a price below 0', { priceDelta: usd(-1) }, ['#/priceDelta/amount']],
    ['a price above 100,000.00', { priceDelta: usd(10_000_001) }, ['#/priceDelta/amount']],
    ['another currency', { priceDelta: { amount: 1, currency: 'EUR' } }, ['#/priceDelta/currency']],
    ['a name of whitespace', { name: ' ' }, ['#/name']],
    ['a name with NUL', { name: 'a\0' }, ['#/name']],
    ['a base price', { basePrice: usd(1) }, ['#/basePrice']],
    ['a final price', { price: usd(1) }, ['#/price']],
    ['another product', { productId: nowhere }, ['#/productId']],
    ['a deletion', { deletedAt: null }, ['#/deletedAt']],
    [
      'several faults',
      { name: 7, priceDelta: 1, available: null, position: -1, id: nowhere },
      ['#/name', '#/priceDelta', '#/available', '#/position', '#/id'],
    ],
  ])('rejects %s and changes nothing', async (_, fields, faults) => {
    const { product, path } = await withVariation();
    const body = { name: newName(), priceDelta: usd(1), ...fields };
    expectFaults(await manager.ask('POST', `/${product.id}/variations`, body), faults);
    expectFaults(await manager.ask('PATCH', path, { position: 1, ...fields }), faults);
    expect(await manager.read(product.id)).toEqual(product);
  });

  test.each([[0], [10_000_000]])('accepts a price of %d', async (amount) => {
    expect((await withVariation({ priceDelta: usd(amount) })).variation.priceDelta).toEqual(usd(amount));
  });
});

describe('a write to a variation with If-Match', () => {
  const writes = [
    ['a change', 'PATCH', '', { position: 9 }],
    ['a deletion', 'DELETE', '', undefined],
    ['a restoration', 'POST', '/restore', undefined],
  ] as const;

  test.each(writes)('%s succeeds only at that version of the product', async (_, method, path, body) => {
    const { product, path: variation } = await withVariation();
    const ask = (tag: string) => manager.ask(method, `${variation}${path}`, body, { 'if-match': tag });
    for (const tag of ['"1"', '"3"', 'W/"1"']) expectProblem(await ask(tag), 'version_mismatch', { version: 2 });
    expect(await manager.read(product.id)).toEqual(product);
    expect((await ask('W/"2"')).status).toBe(200);
  });

  test('lets one of two concurrent writes succeed', async () => {
    const { product, path } = await withVariation();
    const ifMatch = { 'if-match': '"2"' };
    const answers = await Promise.all([
      manager.ask('PATCH', path, { available: false }, ifMatch),
      manager.ask('PATCH', `/${product.id}`, { available: false }, ifMatch),
    ]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 412]);
    expect((await manager.read(product.id)).version).toBe(3);
  });
});
