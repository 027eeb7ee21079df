import type { OptionGroup } from '../../domain/catalog/option-group.ts';
import { ifMatchOfVersion2 } from '../http/entity-tags.ts';
import { expectFaults, expectProblem } from '../http/problem.ts';
import { openShop, type Shop } from '../shop.ts';
import { usd } from '../usd.ts';
import { newName, optionsOf } from './manager.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ worker: false });
}, 60_000);
afterAll(() => shop?.close());

const manager = optionsOf(() => shop);
const nowhere = '0c0ffee0-0000-4000-8000-0000000000ff';
const uuid = expect.stringMatching(/^[0-9a-f-]{36}$/);

/** An option group with one option, at version 2. */
async function withOption(fields: object = {}) {
  const group = await manager.option((await manager.group()).id, fields);
  const option = group.options[0]!;
  return { group, option, path: `/${group.id}/options/${option.id}` };
}

describe('creating an option group', () => {
  test('returns version 1 and a Location that can be read', async () => {
    const fields = { name: newName('Milk'), min: 1, max: 3, position: 7 };

    const { status, headers, body } = await manager.ask('POST', '', fields);

    expect(status).toBe(201);
    expect(body).toEqual({
      id: uuid,
      ...fields,
      options: [],
      version: 1,
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      updatedAt: body.createdAt,
      deletedAt: null,
    });
    expect(headers.get('etag')).toBe('"1"');
    expect(headers.get('location')).toBe(`/v1/option-groups/${body.id}`);
    const read = await shop.request('GET', headers.get('location') as string, { as: shop.manager });
    expect(read).toMatchObject({ status: 200, body });
    expect(read.headers.get('etag')).toBe('"1"');
    expect((await manager.ask('GET', '')).body.data).toContainEqual(body);
  });

  test('needs only a name', async () => {
    const name = newName();
    const { body } = await manager.ask('POST', '', { name: ` ${name}  ` });
    expect(body).toMatchObject({ name, min: 0, max: 1, position: 0 });
  });
});

test.each<[string, object]>([
  ['name', { name: 'Renamed' }],
  ['min', { min: 2 }],
  ['max', { max: 20 }],
  ['min and max', { min: 0, max: 0 }],
  ['position', { position: 1_000_000 }],
])('changing an option group’s %s keeps the rest and raises the version', async (_, change) => {
  const before = await manager.group({ min: 1, max: 2, position: 3 });

  const { status, headers, body } = await manager.ask('PATCH', `/${before.id}`, change);

  expect({ status, etag: headers.get('etag') }).toEqual({ status: 200, etag: '"2"' });
  expect(body).toEqual({ ...before, ...change, version: 2, updatedAt: expect.any(String) });
  expect(await manager.read(before.id)).toEqual(body);
});

describe('deleting an option group', () => {
  test('hides it and keeps the row; a second DELETE is 404', async () => {
    const { group, path } = await withOption();

    expect(await manager.ask('DELETE', `/${group.id}`)).toMatchObject({ status: 204, body: '' });

    for (const answer of [
      await manager.ask('GET', `/${group.id}`),
      await manager.ask('PATCH', `/${group.id}`, { position: 1 }),
      await manager.ask('DELETE', `/${group.id}`),
      await manager.ask('POST', `/${group.id}/options`, { name: 'New', priceDelta: usd(1) }),
      await manager.ask('PATCH', path, { position: 1 }),
      await manager.ask('DELETE', path),
      await manager.ask('POST', `${path}/restore`),
    ]) {
      expectProblem(answer, 'not_found');
    }
    const kept = { ...group, version: 3, updatedAt: expect.any(String), deletedAt: expect.any(String) };
    expect(await manager.ask('GET', `/${group.id}?include=deleted`)).toMatchObject({ status: 200, body: kept });
    const [live, all] = [await manager.ask('GET', ''), await manager.ask('GET', '?include=deleted')];
    expect(live.body.data.map(({ id }: OptionGroup) => id)).not.toContain(group.id);
    expect(all.body.data).toContainEqual(kept);
  });

  test('lets it be restored; restoring a live one answers 200 and changes nothing', async () => {
    const { group } = await withOption();
    await manager.ask('DELETE', `/${group.id}`);
    for (const _ of ['first', 'second']) {
      const { status, headers, body } = await manager.ask('POST', `/${group.id}/restore`);
      expect({ status, etag: headers.get('etag') }).toEqual({ status: 200, etag: '"4"' });
      expect(body).toEqual({ ...group, version: 4, updatedAt: expect.any(String) });
    }
  });
});

test.each([
  ['GET', ''],
  ['GET', '?include=deleted'],
  ['PATCH', ''],
  ['DELETE', ''],
  ['POST', '/restore'],
])('answers 404 to %s …%s of an unknown option group', async (method, path) => {
  const body = method === 'PATCH' ? { position: 1 } : undefined;
  expectProblem(await manager.ask(method, `/${nowhere}${path}`, body), 'not_found');
});

describe('an option', () => {
  test('is added with the next version of its group', async () => {
    const before = await manager.group();
    const fields = { name: newName(), priceDelta: usd(60), available: false, availableAgainAt: null, position: 4 };

    const { status, headers, body } = await manager.ask('POST', `/${before.id}/options`, fields);

    expect({ status, etag: headers.get('etag') }).toEqual({ status: 201, etag: '"2"' });
    const options = [{ id: uuid, ...fields, deletedAt: null }];
    expect(body).toEqual({ ...before, version: 2, updatedAt: expect.any(String), options });
    expect(await manager.read(before.id)).toEqual(body);
  });

  test('with only a name and a price is available, at the first position', async () => {
    expect((await withOption()).option).toMatchObject({ available: true, availableAgainAt: null, position: 0 });
  });

  test.each<[string, object]>([
    ['name', { name: 'Renamed' }],
    ['price', { priceDelta: usd(10_000_000) }],
    ['availability', { available: false }],
    ['position', { position: 9 }],
  ])('keeps the rest when its %s changes', async (_, change) => {
    const { group, option, path } = await withOption();
    const { status, headers, body } = await manager.ask('PATCH', path, change);
    expect({ status, etag: headers.get('etag') }).toEqual({ status: 200, etag: '"3"' });
    const options = [{ ...option, ...change }];
    expect(body).toEqual({ ...group, version: 3, updatedAt: expect.any(String), options });
    expect(await manager.read(group.id)).toEqual(body);
  });

  test('is removed from its group by DELETE, and can be restored', async () => {
    const { group, option, path } = await withOption();
    const deleted = await manager.ask('DELETE', path);
    expect(deleted).toMatchObject({ status: 200, body: { id: group.id, version: 3, options: [] } });
    expect(deleted.headers.get('etag')).toBe('"3"');
    expect((await manager.read(group.id)).options).toEqual([{ ...option, deletedAt: expect.any(String) }]);
    expectProblem(await manager.ask('PATCH', path, { position: 1 }), 'not_found');
    expectProblem(await manager.ask('DELETE', path), 'not_found');
    for (const _ of ['first', 'second']) {
      const restored = await manager.ask('POST', `${path}/restore`);
      expect(restored).toMatchObject({ status: 200, body: { version: 4, options: [option] } });
    }
  });

  test('of another group is 404', async () => {
    const [one, other] = [await withOption(), await withOption()];
    for (const [method, path, body] of [
      ['PATCH', '', { position: 1 }],
      ['DELETE', '', undefined],
      ['POST', '/restore', undefined],
    ] as const) {
      for (const id of [nowhere, other.option.id]) {
        expectProblem(await manager.ask(method, `/${one.group.id}/options/${id}${path}`, body), 'not_found');
      }
    }
    expect(await manager.read(other.group.id)).toEqual(other.group);
  });

  test('is listed by position, then by name', async () => {
    const { id } = await manager.group();
    for (const [name, position] of [
      ['y', 2],
      ['x', 2],
      ['z', 1],
    ] as const)
      await manager.option(id, { name, position });
    for (const { options } of [await manager.read(id), (await manager.ask('GET', `/${id}`)).body])
      expect(options.map(({ name }: { name: string }) => name)).toEqual(['z', 'x', 'y']);
  });
});

describe('a name that is in use', () => {
  test('is refused for a group in any letter case until its group is deleted', async () => {
    const name = newName('Milk');
    const owner = await manager.group({ name });
    const other = await manager.group();
    for (const taken of [name, name.toUpperCase(), ` ${name.toLowerCase()} `]) {
      expectProblem(await manager.ask('POST', '', { name: taken }), 'name_taken');
      expectProblem(await manager.ask('PATCH', `/${other.id}`, { name: taken, position: 9 }), 'name_taken');
    }
    expect(await manager.read(other.id)).toEqual(other);
    await manager.ask('DELETE', `/${owner.id}`);
    expect(await manager.ask('PATCH', `/${other.id}`, { name })).toMatchObject({ status: 200 });
    expectProblem(await manager.ask('POST', `/${owner.id}/restore`), 'name_taken');
  });

  test('is refused for an option of the same group, and allowed in another', async () => {
    const { group, option, path } = await withOption();
    const taken = option.name.toUpperCase();
    const two = await manager.option(group.id);
    const other = two.options.find(({ id }) => id !== option.id)!;
    expectProblem(await manager.ask('POST', `/${group.id}/options`, { name: taken, priceDelta: usd(1) }), 'name_taken');
    expectProblem(await manager.ask('PATCH', `/${group.id}/options/${other.id}`, { name: taken }), 'name_taken');
    expect(await manager.read(group.id)).toEqual(two);
    await withOption({ name: option.name });
    await manager.ask('DELETE', path);
    expect((await manager.ask('PATCH', `/${group.id}/options/${other.id}`, { name: taken })).status).toBe(200);
    expectProblem(await manager.ask('POST', `${path}/restore`), 'name_taken');
  });

  test('is given to one of ten concurrent requests', async () => {
    const body = { name: newName('Milk') };
    const answers = await Promise.all(Array.from({ length: 10 }, () => manager.ask('POST', '', body)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, ...Array(9).fill(409)]);
  });
});

describe('an invalid option group', () => {
  test.each<[string, object, string[]]>([
    ['an empty name', { name: '' }, ['#/name']],
    ['an invisible name', { name: '\u200b' }, ['#/name']],
    ['a min below 0', { min: -1 }, ['#/min']],
    ['a max above 20', { max: 21 }, ['#/max']],
    ['a fractional min', { min: 0.5 }, ['#/min']],
    ['a max of null', { max: null }, ['#/max']],
    ['a min above max', { min: 3, max: 2 }, ['#/max']],
    ['a position below 0', { position: -1 }, ['#/position']],
    ['its options', { options: [] }, ['#/options']],
    ['a currency', { currency: 'USD' }, ['#/currency']],
    ['a deletion', { deletedAt: null }, ['#/deletedAt']],
    ['several faults', { name: 7, min: '1', max: [], id: nowhere }, ['#/name', '#/min', '#/max', '#/id']],
  ])('is rejected for %s and changes nothing', async (_, fields, faults) => {
    const group = await manager.group();
    const before = await shop.database('option_groups').orderBy('id');
    expectFaults(await manager.ask('POST', '', { name: newName(), ...fields }), faults);
    expectFaults(await manager.ask('PATCH', `/${group.id}`, { position: 2, ...fields }), faults);
    expect(await shop.database('option_groups').orderBy('id')).toEqual(before);
  });

  test('is rejected if a change of one limit conflicts with the other', async () => {
    const { id } = await manager.group({ min: 2, max: 4 });
    expectProblem(await manager.ask('PATCH', `/${id}`, { max: 1 }), 'invalid_request', {
      errors: [{ pointer: '#/max', detail: 'must be at least 2, the value of min' }],
    });
    expectProblem(await manager.ask('PATCH', `/${id}`, { min: 5 }), 'invalid_request', {
      errors: [{ pointer: '#/min', detail: 'must be at most 4, the value of max' }],
    });
    expect((await manager.read(id)).version).toBe(1);
  });

  test.each<[string, unknown, string[], string[]]>([
    ['nothing', {}, ['#/name'], ['#']],
    ['an array', [], ['#'], ['#']],
  ])('is rejected for %s', async (_, body, ofNew, ofChange) => {
    const { id } = await manager.group();
    expectFaults(await manager.ask('POST', '', body), ofNew);
    expectFaults(await manager.ask('PATCH', `/${id}`, body), ofChange);
  });

  test.each(['include=everything', 'include=deleted&include=deleted', 'deleted=true'])('rejects ?%s', async (query) => {
    const name = query.startsWith('include') ? '?include' : '?deleted';
    expectFaults(await manager.ask('GET', `?${query}`), [name]);
    expectFaults(await manager.ask('GET', `/${nowhere}?${query}`), [name]);
  });
});

describe('an invalid option', () => {
  test.each<[string, object, string[]]>([
    ['a price below 0', { priceDelta: usd(-1) }, ['#/priceDelta/amount']],
    ['a price above 100,000.00', { priceDelta: usd(10_000_001) }, ['#/priceDelta/amount']],
    ['another currency', { priceDelta: { amount: 1, currency: 'EUR' } }, ['#/priceDelta/currency']],
    ['a name of whitespace', { name: ' ' }, ['#/name']],
    ['a local time', { availableAgainAt: '2026-11-29 10:00' }, ['#/availableAgainAt']],
    ['a quantity', { max: 2 }, ['#/max']],
    ['a group', { optionGroupId: nowhere }, ['#/optionGroupId']],
    [
      'several faults',
      { name: 7, priceDelta: 1, available: null, position: -1, id: nowhere },
      ['#/name', '#/priceDelta', '#/available', '#/position', '#/id'],
    ],
  ])('is rejected for %s and changes nothing', async (_, fields, faults) => {
    const { group, path } = await withOption();
    const body = { name: newName(), priceDelta: usd(1), ...fields };
    expectFaults(await manager.ask('POST', `/${group.id}/options`, body), faults);
    expectFaults(await manager.ask('PATCH', path, { position: 1, ...fields }), faults);
    expect(await manager.read(group.id)).toEqual(group);
  });
});

describe('a write with If-Match', () => {
  const writes: [what: string, method: string, path: (option: string) => string, body: unknown, status: number][] = [
    ['a change', 'PATCH', () => '', { position: 9 }, 200],
    ['a deletion', 'DELETE', () => '', undefined, 204],
    ['a restoration', 'POST', () => '/restore', undefined, 200],
    ['a new option', 'POST', () => '/options', { name: 'New', priceDelta: usd(1) }, 201],
    ['a changed option', 'PATCH', (option) => `/options/${option}`, { position: 9 }, 200],
    ['a deleted option', 'DELETE', (option) => `/options/${option}`, undefined, 200],
    ['a restored option', 'POST', (option) => `/options/${option}/restore`, undefined, 200],
  ];

  test.each(writes)('%s succeeds only at that version of the group', async (_, method, path, body, status) => {
    const { group, option } = await withOption();
    const ask = (tag: string) => manager.ask(method, `/${group.id}${path(option.id)}`, body, { 'if-match': tag });
    for (const [tag] of ifMatchOfVersion2.filter(([, matches]) => !matches))
      expectProblem(await ask(tag), 'version_mismatch', { version: 2 });
    expect(await manager.read(group.id)).toEqual(group);
    expect((await ask('W/"2"')).status).toBe(status);
  });

  test('lets one of ten concurrent writes succeed', async () => {
    const { id } = await manager.group();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, position) => manager.ask('PATCH', `/${id}`, { position }, { 'if-match': '"1"' })),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array(9).fill(412)]);
    expect((await manager.read(id)).version).toBe(2);
  });
});

test('a conditional read answers 304 until the group or an option changes', async () => {
  const { group, path } = await withOption();
  const read = () => manager.ask('GET', `/${group.id}`, undefined, { 'if-none-match': '"2"' });
  expect(await read()).toMatchObject({ status: 304, body: '' });
  await manager.ask('PATCH', path, { available: false });
  expect(await read()).toMatchObject({ status: 200, body: { version: 3 } });
});
