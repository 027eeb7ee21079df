import { randomUUID } from 'node:crypto';
import type { Product } from '../../domain/catalog/product.ts';
import { ifMatchOfVersion2 } from '../http/entity-tags.ts';
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

describe('creating a product', () => {
  test('returns version 1 and a Location that can be read', async () => {
    const fields = {
      name: newName(),
      description: 'Two shots\nunder a thin layer of velvety milk ☕',
      category: 'Coffee',
      imageUrl: 'https://images.example/flat-white.jpg',
      allergens: ['milk', 'soy'],
      basePrice: usd(420),
      available: false,
      availableAgainAt: null,
      position: 7,
      optionGroups: [],
    };

    const { status, headers, body } = await manager.ask('POST', '', fields);

    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      ...fields,
      variations: [],
      version: 1,
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      updatedAt: body.createdAt,
      deletedAt: null,
    });
    expect(headers.get('etag')).toBe('"1"');
    expect(headers.get('location')).toBe(`/v1/products/${body.id}`);
    const read = await shop.request('GET', headers.get('location') as string, { as: shop.manager });
    expect(read).toMatchObject({ status: 200, body });
    expect(read.headers.get('etag')).toBe('"1"');
    const { body: all } = await manager.ask('GET', '');
    expect(all.data).toContainEqual(body);
  });

  test('needs only a name and a price', async () => {
    const name = newName();
    const { body } = await manager.ask('POST', '', { name: `  ${name} `, basePrice: usd(0) });
    expect(body).toMatchObject({ name, description: '', basePrice: usd(0), available: true, position: 0 });
    expect(body).toMatchObject({ category: null, imageUrl: null, allergens: [], availableAgainAt: null });
  });
});

describe('editing a product', () => {
  test.each<[string, object]>([
    ['name', { name: 'Renamed' }],
    ['description', { description: '' }],
    ['price', { basePrice: usd(10_000_000) }],
    ['availability', { available: false }],
    ['category', { category: 'Tea' }],
    ['image', { imageUrl: `https://images.example/${'x'.repeat(1_976)}` }],
    ['allergens', { allergens: ['sulphites', 'celery'] }],
    ['position', { position: 1_000_000 }],
  ])('changes its %s, keeps the rest and raises the version', async (_, change) => {
    const before = await manager.product({ description: 'Before', position: 3 });

    const { status, headers, body } = await manager.ask('PATCH', `/${before.id}`, change);

    expect({ status, etag: headers.get('etag') }).toEqual({ status: 200, etag: '"2"' });
    expect(body).toEqual({ ...before, ...change, version: 2, updatedAt: expect.any(String) });
    expect(Date.parse(body.updatedAt)).toBeGreaterThanOrEqual(Date.parse(before.updatedAt));
    expect(await manager.read(before.id)).toEqual(body);
  });
});

describe('deleting a product', () => {
  test('hides it from all callers and keeps the row', async () => {
    const product = await manager.product();

    expect(await manager.ask('DELETE', `/${product.id}`)).toMatchObject({ status: 204, body: '' });

    for (const answer of [
      await manager.ask('GET', `/${product.id}`),
      await manager.ask('PATCH', `/${product.id}`, { position: 1 }),
      await manager.ask('DELETE', `/${product.id}`),
      await manager.ask('POST', `/${product.id}/variations`, { name: 'New', priceDelta: usd(1) }),
    ]) {
      expectProblem(answer, 'not_found');
    }
    const kept = { ...product, version: 2, updatedAt: expect.any(String), deletedAt: expect.any(String) };
    expect(await manager.ask('GET', `/${product.id}?include=deleted`)).toMatchObject({ status: 200, body: kept });
    const [onSale, all] = [await manager.ask('GET', ''), await manager.ask('GET', '?include=deleted')];
    expect(onSale.body.data.map(({ id }: Product) => id)).not.toContain(product.id);
    expect(all.body.data).toContainEqual(kept);
  });

  test('lets it be restored unchanged', async () => {
    const { id } = await manager.product();
    const before = await manager.variation(id);
    await manager.ask('DELETE', `/${id}`);

    const { status, headers, body } = await manager.ask('POST', `/${id}/restore`);

    expect({ status, etag: headers.get('etag') }).toEqual({ status: 200, etag: '"4"' });
    expect(body).toEqual({ ...before, version: 4, updatedAt: expect.any(String) });
    expect(await manager.ask('GET', `/${id}`)).toMatchObject({ status: 200, body });
  });

  test('restoring a product on sale answers 200 and changes nothing', async () => {
    const product = await manager.product();
    const answer = await manager.ask('POST', `/${product.id}/restore`);
    expect(answer).toMatchObject({ status: 200, body: product });
    expect(answer.headers.get('etag')).toBe('"1"');
  });
});

test.each([
  ['GET', ''],
  ['GET', '?include=deleted'],
  ['PATCH', ''],
  ['DELETE', ''],
  ['POST', '/restore'],
])('answers 404 to %s …%s of an unknown product', async (method, path) => {
  const body = method === 'PATCH' ? { position: 1 } : undefined;
  expectProblem(await manager.ask(method, `/${nowhere}${path}`, body), 'not_found');
});

describe('a product name that is on sale', () => {
  test('is refused in any letter case until its product is deleted', async () => {
    const name = newName('Cortado');
    const owner = await manager.product({ name });
    const other = await manager.product();
    const attempts = [name, name.toUpperCase(), ` ${name.toLowerCase()} `];
    for (const taken of attempts) {
      expectProblem(await manager.ask('POST', '', { name: taken, basePrice: usd(1) }), 'name_taken');
      expectProblem(await manager.ask('PATCH', `/${other.id}`, { name: taken, position: 9 }), 'name_taken');
    }
    expect(await manager.read(other.id)).toEqual(other);

    await manager.ask('DELETE', `/${owner.id}`);

    expect(await manager.ask('PATCH', `/${other.id}`, { name: name.toUpperCase() })).toMatchObject({ status: 200 });
  });

  test('prevents restoring a deleted product with the same name', async () => {
    const name = newName('Cortado');
    const owner = await manager.product({ name });
    await manager.ask('DELETE', `/${owner.id}`);
    const before = await manager.read(owner.id);
    const heir = await manager.product({ name });

    expectProblem(await manager.ask('POST', `/${owner.id}/restore`), 'name_taken');

    expect(await manager.read(owner.id)).toEqual(before);
    await manager.ask('DELETE', `/${heir.id}`);
    expect(await manager.ask('POST', `/${owner.id}/restore`)).toMatchObject({ status: 200, body: { deletedAt: null } });
  });

  test('can change case on its own product', async () => {
    const name = newName('Cortado');
    const { id } = await manager.product({ name });
    const answer = await manager.ask('PATCH', `/${id}`, { name: name.toUpperCase() });
    expect(answer).toMatchObject({ status: 200, body: { name: name.toUpperCase() } });
  });

  test('is given to one of ten concurrent requests', async () => {
    const body = { name: newName('Cortado'), basePrice: usd(1) };
    const answers = await Promise.all(Array.from({ length: 10 }, () => manager.ask('POST', '', body)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, ...Array(9).fill(409)]);
    expect(await shop.database('products').where({ name: body.name }).pluck('version')).toEqual([1]);
  });
});

describe('an invalid product', () => {
  const good = { name: 'Good', basePrice: usd(1) };
  const price = (amount: unknown) => ({ basePrice: { amount, currency: 'USD' } });

  /** Invalid fields, and the pointers of the faults. */
  const faulty: [string, object, string[]][] = [
    ['a price below 0', price(-1), ['#/basePrice/amount']],
    ['a price above 100,000.00', price(10_000_001), ['#/basePrice/amount']],
    ['a fractional amount', price(0.5), ['#/basePrice/amount']],
    ['a price as a string', price('1'), ['#/basePrice/amount']],
    ['a price of null', price(null), ['#/basePrice/amount']],
    ['a number as a price', { basePrice: 400 }, ['#/basePrice']],
    ['another currency', { basePrice: { amount: 1, currency: 'EUR' } }, ['#/basePrice/currency']],
    ['a lowercase currency', { basePrice: { amount: 1, currency: 'usd' } }, ['#/basePrice/currency']],
    ['no currency', { basePrice: { amount: 1 } }, ['#/basePrice/currency']],
    ['an unknown field in a price', { basePrice: { ...usd(1), tax: 2 } }, ['#/basePrice/tax']],
    ['an empty name', { name: '' }, ['#/name']],
    ['a name of whitespace', { name: ' \t ' }, ['#/name']],
    ['a name of 101 characters', { name: 'x'.repeat(101) }, ['#/name']],
    ['a name of two lines', { name: 'Latte\nTea' }, ['#/name']],
    ['a name with NUL', { name: 'Lat\0te' }, ['#/name']],
    ['a name with an escape sequence', { name: 'Latte\u001b[31m' }, ['#/name']],
    ['a name with an unpaired surrogate', { name: 'Latte \ud83e' }, ['#/name']],
    ['a name that is a number', { name: 7 }, ['#/name']],
    ['a description of 1,001 characters', { description: 'x'.repeat(1_001) }, ['#/description']],
    ['a description of null', { description: null }, ['#/description']],
    ['a description with NUL', { description: '\0' }, ['#/description']],
    ['availability as a string', { available: 'true' }, ['#/available']],
    ['a position below 0', { position: -1 }, ['#/position']],
    ['a category of 51 characters', { category: '🥐'.repeat(51) }, ['#/category']],
    ['a category of two lines', { category: 'Coffee\nTea' }, ['#/category']],
    ['an invisible category', { category: '\u200b' }, ['#/category']],
    ['an image over http', { imageUrl: 'http://images.example/latte.jpg' }, ['#/imageUrl']],
    ['an image in the URL', { imageUrl: 'data:image/png;base64,AAAA' }, ['#/imageUrl']],
    ['an image path', { imageUrl: '/latte.jpg' }, ['#/imageUrl']],
    ['an empty image', { imageUrl: '' }, ['#/imageUrl']],
    ['an image of 2,001 characters', { imageUrl: `https://a.example/${'x'.repeat(1_983)}` }, ['#/imageUrl']],
    ['an unknown allergen', { allergens: ['milk', 'dust'] }, ['#/allergens/1']],
    ['an allergen twice', { allergens: ['milk', 'milk'] }, ['#/allergens']],
    ['allergens of null', { allergens: null }, ['#/allergens']],
    ['availability at a local time', { availableAgainAt: '2026-11-29T10:00:00' }, ['#/availableAgainAt']],
    ['availability at an impossible time', { availableAgainAt: '2026-02-30T10:00:00Z' }, ['#/availableAgainAt']],
    ['availability at a number', { availableAgainAt: 1_764_410_400 }, ['#/availableAgainAt']],
    ['option groups of null', { optionGroups: null }, ['#/optionGroups']],
    ['21 option groups', { optionGroups: Array(21).fill({ id: nowhere }) }, ['#/optionGroups']],
    ['an option group as an id', { optionGroups: [nowhere] }, ['#/optionGroups/0']],
    ['a min of 21', { optionGroups: [{ id: nowhere, min: 21 }] }, ['#/optionGroups/0/min']],
    ['a max below 0', { optionGroups: [{ id: nowhere, max: -1 }] }, ['#/optionGroups/0/max']],
    ['an unknown option group', { optionGroups: [{ id: nowhere }] }, ['#/optionGroups/0/id']],
    ['a fractional position', { position: 1.5 }, ['#/position']],
    ['a position above 1,000,000', { position: 1_000_001 }, ['#/position']],
    ['an id', { id: nowhere }, ['#/id']],
    ['a version', { version: 7 }, ['#/version']],
    ['a deletion', { deletedAt: null }, ['#/deletedAt']],
    ['its variations', { variations: [] }, ['#/variations']],
    [
      'several faults',
      { name: '', basePrice: { amount: -1, currency: 'EUR' }, available: 1, position: 'first', price: 1 },
      ['#/name', '#/basePrice/amount', '#/basePrice/currency', '#/available', '#/position', '#/price'],
    ],
  ];

  test.each(faulty)('rejects %s and changes nothing', async (_, fields, faults) => {
    const product = await manager.product();
    const before = await shop.database('products').orderBy('id');

    expectFaults(await manager.ask('POST', '', { ...good, ...fields }), faults);
    expectFaults(await manager.ask('PATCH', `/${product.id}`, { description: 'x', ...fields }), faults);

    expect(await shop.database('products').orderBy('id')).toEqual(before);
  });

  test.each<[string, unknown, string[], string[]]>([
    ['nothing', {}, ['#/name', '#/basePrice'], ['#']],
    ['an array', [], ['#'], ['#']],
    ['null', 'null', ['#'], ['#']],
  ])('rejects %s', async (_, body, ofNew, ofChange) => {
    const { id } = await manager.product();
    expectFaults(await manager.ask('POST', '', body), ofNew);
    expectFaults(await manager.ask('PATCH', `/${id}`, body), ofChange);
  });

  test.each([[0], [10_000_000]])('does not report a price of %d', async (amount) => {
    const { body } = await manager.ask('POST', '', { name: newName(), basePrice: usd(amount) });
    expect(body.basePrice).toEqual(usd(amount));
  });

  test.each(['include=everything', 'include=', 'include=deleted&include=deleted', 'deleted=true'])(
    'rejects ?%s',
    async (query) => {
      const name = query.startsWith('include') ? '?include' : '?deleted';
      expectFaults(await manager.ask('GET', `?${query}`), [name]);
      expectFaults(await manager.ask('GET', `/${nowhere}?${query}`), [name]);
    },
  );
});

describe('a write with If-Match', () => {
  const writes: [what: string, method: string, path: string, body: unknown, status: number][] = [
    ['a change', 'PATCH', '', { position: 9 }, 200],
    ['a deletion', 'DELETE', '', undefined, 204],
    ['a restoration', 'POST', '/restore', undefined, 200],
    ['a variation', 'POST', '/variations', { name: 'New', priceDelta: usd(1) }, 201],
  ];
  const cases = writes.flatMap(([what, method, path, body, status]) =>
    ifMatchOfVersion2.map(([tag, matches]) => ({ what, method, path, body, status, tag, matches })),
  );

  test.each(cases.filter(({ matches }) => matches))('applies $what to version 2 with $tag', async (one) => {
    const { id } = await manager.product();
    await manager.variation(id);
    const answer = await manager.ask(one.method, `/${id}${one.path}`, one.body, { 'if-match': one.tag });
    expect(answer.status).toBe(one.status);
  });

  test.each(cases.filter(({ matches }) => !matches))('rejects $what to version 2 with $tag', async (one) => {
    const { id } = await manager.product();
    const before = await manager.variation(id);
    const answer = await manager.ask(one.method, `/${id}${one.path}`, one.body, { 'if-match': one.tag });
    expectProblem(answer, 'version_mismatch', { version: 2 });
    expect(await manager.read(id)).toEqual(before);
  });

  test.each(['2', '"2', '"1" "2"', ''])('rejects <%s> as an entity tag', async (tag) => {
    const { id } = await manager.product();
    expectFaults(await manager.ask('PATCH', `/${id}`, {}, { 'if-match': tag }), ['if-match:', '#']);
  });

  test('lets one of ten concurrent writes succeed', async () => {
    const { id } = await manager.product();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, position) => manager.ask('PATCH', `/${id}`, { position }, { 'if-match': '"1"' })),
    );
    const won = answers.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    for (const lost of answers.filter(({ status }) => status !== 200)) {
      expectProblem(lost, 'version_mismatch', { version: 2 });
    }
    expect(await manager.read(id)).toEqual(won[0]?.body);
  });

  test('applies all of ten concurrent writes without If-Match', async () => {
    const { id } = await manager.product();
    const names = Array.from({ length: 10 }, () => newName('Syrup'));
    const answers = await Promise.all(
      names.map((name) => manager.ask('POST', `/${id}/variations`, { name, priceDelta: usd(1) })),
    );
    expect(answers.map(({ body }) => body.version).toSorted((one, other) => one - other)).toEqual(
      names.map((_, index) => index + 2),
    );
    const { version, variations } = await manager.read(id);
    expect(version).toBe(11);
    expect(variations.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
  });
});

describe('a caller who is not a manager', () => {
  const variation = `/${nowhere}/variations/${nowhere}`;
  const routes: [method: string, path: string][] = [
    ['GET', ''],
    ['POST', ''],
    ['GET', `/${nowhere}`],
    ['PATCH', `/${nowhere}`],
    ['DELETE', `/${nowhere}`],
    ['POST', `/${nowhere}/restore`],
    ['POST', `/${nowhere}/variations`],
    ['PATCH', variation],
    ['DELETE', variation],
    ['POST', `${variation}/restore`],
  ];

  test.each(routes)('is refused at %s /v1/products%s before any other check', async (method, path) => {
    const before = await shop.database('products').orderBy('id');
    const ask = (as?: string) =>
      shop.request(method, `/v1/products${path}?x=1`, { ...(as && { as }), ...(method !== 'GET' && { body: '{' }) });
    expectProblem(await ask(shop.customer), 'forbidden');
    const answer = await ask();
    expectProblem(answer, 'unauthenticated');
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="crema"');
    expect(await shop.database('products').orderBy('id')).toEqual(before);
  });
});

describe('a write that fails halfway', () => {
  afterEach(() => shop.database.raw('DROP FUNCTION IF EXISTS refuse() CASCADE'));

  test('changes nothing and exposes no internals', async () => {
    const { id } = await manager.product();
    const before = await manager.variation(id);
    // The product is written first and its variations after it.
    await shop.database.raw(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'select secret from insides'; END $$;
      CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON variations FOR EACH ROW EXECUTE FUNCTION refuse()`);

    expectProblem(await manager.ask('PATCH', `/${id}`, { name: newName(), position: 9 }), 'internal');

    expect(await manager.read(id)).toEqual(before);
  });
});

test('lists products by position, then name', async () => {
  const prefix = randomUUID();
  for (const [name, position] of [
    ['c', 2],
    ['b', 2],
    ['a', 3],
    ['d', 1],
  ] as const) {
    await manager.product({ name: `${prefix} ${name}`, position });
  }
  const { body } = await manager.ask('GET', '');
  const names = body.data.map(({ name }: Product) => name).filter((name: string) => name.startsWith(prefix));
  expect(names).toEqual(['d', 'b', 'c', 'a'].map((name) => `${prefix} ${name}`));
});
