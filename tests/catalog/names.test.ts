import { randomUUID } from 'node:crypto';
import { connect, type Database } from '../../db/connection.ts';
import { createServiceRepository } from '../../db/services.ts';
import { INVISIBLE } from '../domain/invisible.ts';
import { expectFaults, expectProblem } from '../http/problem.ts';
import { openShop, type Shop } from '../shop.ts';
import { copyDatabase } from '../test-services.ts';
import { managerOf, newName, usd } from './manager.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ worker: false });
}, 60_000);
afterAll(() => shop?.close());

const manager = managerOf(() => shop);

/** Every way to give something a name. */
const named: Record<string, (name: string) => Promise<unknown>> = {
  'a product': (name) => manager.ask('POST', '', { name, basePrice: usd(100) }),
  'a changed product': async (name) => manager.ask('PATCH', `/${(await manager.product()).id}`, { name }),
  'a variation': async (name) =>
    manager.ask('POST', `/${(await manager.product()).id}/variations`, { name, priceDelta: usd(0) }),
  'a person who registers': (name) =>
    shop.request('POST', '/v1/users', { body: { email: `${randomUUID()}@example.com`, name } }),
  'a person who is invited': (name) =>
    shop.request('POST', '/v1/users/invitations', {
      as: shop.manager,
      body: { email: `${randomUUID()}@example.com`, name },
    }),
  'a person': (name) => shop.request('PATCH', '/v1/me', { as: shop.customer, body: { name } }),
};
const ways = Object.entries(named).map(([what, give]) => ({
  what,
  give: give as (name: string) => ReturnType<typeof manager.ask>,
}));

const names = (fault: string) => ({ errors: [{ pointer: '#/name', detail: expect.stringMatching(fault) }] });

describe.each(ways)('When $what gets a name', ({ give }) => {
  test.each([...Object.entries(INVISIBLE), ['space', ' '], ['zero width space around a space', '\u200b \u2060']])(
    'then %s alone is refused',
    async (_, name) => {
      expectProblem(await give(name), 'invalid_request', names('must have at least one visible character'));
    },
  );

  test('then half of a character is one fault', async () => {
    expectProblem(await give('\ud800'), 'invalid_request', names('must not contain halves of characters'));
  });

  test.each(['\u0085', '\u2028', '\u2029', '\n', '\v', '\f', '\u001c', '\u001e'])(
    'then it is not one with %j, which begins another line',
    async (separator) => {
      expectProblem(await give(`Two${separator}lines`), 'invalid_request', names('must be one line'));
    },
  );

  test('then it has at most 100 characters, in NFC, too', async () => {
    expectFaults(await give('🥐'.repeat(101)), ['#/name']);
    // Three code points each, once normalized.
    expectProblem(await give('\ufb2c'.repeat(34)), 'invalid_request', names('must have at most 100 characters in NFC'));
    expect((await give(`${'🥐'.repeat(64)}${randomUUID()}`)).status).toBeLessThan(300);
  });
});

describe('When two names differ only in case or composition', () => {
  const spellings = (word: string) => {
    const composed = `${word} Café Ñandú`;
    return [composed, composed.normalize('NFD'), composed.toUpperCase(), composed.normalize('NFD').toLowerCase()];
  };

  test('then only one product of them is on sale, in NFC', async () => {
    const [first = '', ...others] = spellings(newName());
    const { body } = await manager.ask('POST', '', { name: first.normalize('NFD'), basePrice: usd(1) });
    expect(body.name).toBe(first);
    for (const name of others) expectProblem(await manager.ask('POST', '', { name, basePrice: usd(1) }), 'name_taken');
    const other = await manager.product();
    for (const name of others) expectProblem(await manager.ask('PATCH', `/${other.id}`, { name }), 'name_taken');
    await manager.ask('DELETE', `/${body.id}`);
    await manager.product({ name: others[0] });
    expectProblem(await manager.ask('POST', `/${body.id}/restore`), 'name_taken');
  });

  test('then only one variation of a product has them, and another product may, too', async () => {
    const [first = '', ...others] = spellings('Oat');
    const [one, other] = [await manager.product(), await manager.product()];
    expect((await manager.variation(one.id, { name: first.normalize('NFD') })).variations[0]?.name).toBe(first);
    for (const name of others) {
      expectProblem(await manager.ask('POST', `/${one.id}/variations`, { name, priceDelta: usd(0) }), 'name_taken');
    }
    await manager.variation(other.id, { name: others[0] });
  });

  test('then only one service has them', async () => {
    const services = createServiceRepository(shop.database);
    expect(await services.add('Kitchen Board', ['orders:read'])).toBeDefined();
    expect(await services.add('KITCHEN board', ['orders:read'])).toBeUndefined();
    expect(await services.remove('kitchen BOARD')).toBe(true);
    expect(await services.list()).toEqual([]);
  });
});

describe('When a shop from before has names that count as one today', () => {
  const settings = { directory: 'db/migrations', loadExtensions: ['.ts'], name: '20261129_14_names.ts' };
  let database: Database;
  beforeAll(async () => {
    database = connect(await copyDatabase(), { max: 1 });
    await database.migrate.down(settings);
  });
  afterAll(() => database?.destroy());

  const product = async (name: string, age: number, fields: object = {}) => {
    const at = new Date(Date.now() - age * 1_000);
    const row = { description: '', base_price: 100, currency: 'USD', available: true, position: 0, version: 1 };
    const [{ id }] = await database('products')
      .insert({ id: randomUUID(), name, ...row, created_at: at, updated_at: at, ...fields })
      .returning('id');
    return id as string;
  };
  const variation = async (productId: string, name: string, position: number) =>
    database('variations').insert({
      id: randomUUID(),
      product_id: productId,
      name,
      price_delta: 0,
      available: true,
      position,
    });

  test('then the migration numbers the newer ones, and leaves all others as they are', async () => {
    const longest = `${'é'.repeat(99)}z`;
    const ids = {
      first: await product('Cafe\u0301 Crème', 50),
      second: await product('Café Crème', 40),
      third: await product('CAFÉ Cre\u0300me', 30),
      taken: await product('Café Crème 2', 20),
      deleted: await product('Café crème', 10, { deleted_at: new Date() }),
      long: await product(longest, 9),
      alsoLong: await product(longest.normalize('NFD'), 8),
      separated: await product('Hot\u2028Tea', 7),
      other: await product('Mocha', 6),
      invisible: await product('\u200b', 5),
      alsoInvisible: await product('\u3164', 4),
      grown: await product('\ufb2c'.repeat(100), 3),
    };
    await variation(ids.other, 'Açaí', 1);
    await variation(ids.other, 'Açaí'.normalize('NFD'), 2);
    for (const name of ['Board', 'board'])
      await database('services').insert({ id: randomUUID(), name, scopes: [], secret_hash: name });

    await database.migrate.up(settings);

    const rows = await database('products').whereIn('id', Object.values(ids)).select('id', 'name', 'version');
    const found = Object.entries(ids).map(([key, id]) => {
      const { name, version } = rows.find((row) => row.id === id);
      return [key, name, version];
    });
    expect(found).toEqual([
      ['first', 'Café Crème', 2],
      ['second', 'Café Crème 3', 2],
      ['third', 'CAFÉ Crème 4', 2],
      ['taken', 'Café Crème 2', 1],
      ['deleted', 'Café crème', 1],
      ['long', longest, 1],
      ['alsoLong', `${'é'.repeat(98)} 2`, 2],
      ['separated', 'Hot Tea', 2],
      ['other', 'Mocha', 2],
      ['invisible', 'Unnamed', 2],
      ['alsoInvisible', 'Unnamed 2', 2],
      ['grown', [...'\ufb2c'.normalize('NFC').repeat(34)].slice(0, 100).join(''), 2],
    ]);
    expect(await database('variations').where({ product_id: ids.other }).orderBy('position').pluck('name')).toEqual([
      'Açaí',
      'Açaí 2',
    ]);
    expect((await database('services').pluck('name')).sort()).toEqual(['Board', 'board 2']);
  });
});
