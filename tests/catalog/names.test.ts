import { randomUUID } from 'node:crypto';
import { connect, type Database } from '../../db/connection.ts';
import { connectToMigrate, faultOf, migrate } from '../../db/migrations.ts';
import { createServiceClientRepository } from '../../db/service-clients.ts';
import { waitFor } from '../../stack/wait.ts';
import { copyDatabase, createDatabase, patient } from '../databases.ts';
import { INVISIBLE } from '../domain/invisible.ts';
import { expectFaults, expectProblem } from '../http/problem.ts';
import { openShop, type Shop } from '../shop.ts';
import { usd } from '../usd.ts';
import { managerOf, newName, optionsOf } from './manager.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ worker: false });
}, 60_000);
afterAll(() => shop?.close());

const manager = managerOf(() => shop);
const options = optionsOf(() => shop);

/** All requests that set a name. */
const named: Record<string, (name: string) => Promise<unknown>> = {
  'a product': (name) => manager.ask('POST', '', { name, basePrice: usd(100) }),
  'a changed product': async (name) => manager.ask('PATCH', `/${(await manager.product()).id}`, { name }),
  'a variation': async (name) =>
    manager.ask('POST', `/${(await manager.product()).id}/variations`, { name, priceDelta: usd(0) }),
  'an option group': (name) => options.ask('POST', '', { name }),
  'a changed option group': async (name) => options.ask('PATCH', `/${(await options.group()).id}`, { name }),
  'an option': async (name) =>
    options.ask('POST', `/${(await options.group()).id}/options`, { name, priceDelta: usd(0) }),
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

describe.each(ways)('the name of $what', ({ give }) => {
  test.each([...Object.entries(INVISIBLE), ['space', ' '], ['zero width space around a space', '\u200b \u2060']])(
    'rejects %s alone',
    async (_, name) => {
      expectProblem(await give(name), 'invalid_request', names('must have at least one visible character'));
    },
  );

  test('reports an unpaired surrogate as one fault', async () => {
    expectProblem(await give('\ud800'), 'invalid_request', names('must not contain unpaired surrogates'));
  });

  test.each(['\u0085', '\u2028', '\u2029', '\n', '\v', '\f', '\u001c', '\u001e'])(
    'rejects the line separator %j',
    async (separator) => {
      expectProblem(await give(`Two${separator}lines`), 'invalid_request', names('must be one line'));
    },
  );

  test('has at most 100 characters, also in NFC', async () => {
    expectFaults(await give('🥐'.repeat(101)), ['#/name']);
    // Three code points each, once normalized.
    expectProblem(await give('\ufb2c'.repeat(34)), 'invalid_request', names('must have at most 100 characters in NFC'));
    expect((await give(`${'🥐'.repeat(64)}${randomUUID()}`)).status).toBeLessThan(300);
  });
});

/** Names that are equal, by the kind of their difference. */
const spellings = {
  case: ['Café Ñandú', 'CAFÉ ÑANDÚ', 'café ñandú'],
  composition: ['Café Ång', 'Cafe\u0301 A\u030ang', 'Café \u212bng'],
  'letters whose upper case is two letters': ['Straße ﬁ ŉ', 'STRASSE FI \u02bcN', 'strasse fi \u02bcn'],
  'final sigma': ['ΟΔΟΣ', 'οδος', 'οδοσ'],
  Hangul: ['각', '\u1100\u1161\u11a8'],
  'invisible characters': [
    'Latte',
    'Latte\u200b',
    'L\u00adatte',
    'Latte\u200e',
    '\u2060Latte',
    'Lat\u{e0041}te',
    'Latte\ufe0f',
  ],
  whitespace: ['Flat White', 'Flat  White', 'Flat\u00a0White', 'Flat\u3000 White', 'Flat\u200b \u2009White'],
  'an invisible character inside a letter': ['é', 'e\u200b\u0301'],
} satisfies Record<string, string[]>;

/** Names that look different and therefore are not equal. */
const distinct = ['Latte', 'Látte', 'Lat te', 'Latté', 'Lattê', 'Latte!', 'Ｌatte', 'L\u00e4tte', 'Łatte', 'lаtte'];

describe.each(Object.entries(spellings))('names that differ only in %s', (_, [first = '', ...others]) => {
  test('allow only one product on sale', async () => {
    const word = newName();
    const { id } = await manager.product({ name: `${word} ${first}` });
    const other = await manager.product();
    for (const name of others.map((spelling) => `${word} ${spelling}`)) {
      expectProblem(await manager.ask('POST', '', { name, basePrice: usd(1) }), 'name_taken');
      expectProblem(await manager.ask('PATCH', `/${other.id}`, { name }), 'name_taken');
    }
    await manager.ask('DELETE', `/${id}`);
    await manager.product({ name: `${word} ${others[0]}` });
    expectProblem(await manager.ask('POST', `/${id}/restore`), 'name_taken');
  });

  test('allow only one option group', async () => {
    const word = newName();
    const { id } = await options.group({ name: `${word} ${first}` });
    const other = await options.group();
    for (const name of others.map((spelling) => `${word} ${spelling}`)) {
      expectProblem(await options.ask('POST', '', { name }), 'name_taken');
      expectProblem(await options.ask('PATCH', `/${other.id}`, { name }), 'name_taken');
    }
    await options.ask('DELETE', `/${id}`);
    await options.group({ name: `${word} ${others[0]}` });
    expectProblem(await options.ask('POST', `/${id}/restore`), 'name_taken');
  });

  test('allow only one option per option group', async () => {
    const [one, other] = [await options.group(), await options.group()];
    const [option] = (await options.option(one.id, { name: first })).options;
    for (const name of others) {
      expectProblem(await options.ask('POST', `/${one.id}/options`, { name, priceDelta: usd(0) }), 'name_taken');
    }
    const renamed = await options.ask('PATCH', `/${one.id}/options/${option!.id}`, { name: others[0] });
    expect(renamed.status).toBe(200);
    await options.option(other.id, { name: others[0] });
  });

  test('allow only one variation per product', async () => {
    const [one, other] = [await manager.product(), await manager.product()];
    const [variation] = (await manager.variation(one.id, { name: first })).variations;
    await manager.variation(one.id, { name: 'Other' });
    for (const name of others) {
      expectProblem(await manager.ask('POST', `/${one.id}/variations`, { name, priceDelta: usd(0) }), 'name_taken');
    }
    // A variation does not conflict with its own name.
    const renamed = await manager.ask('PATCH', `/${one.id}/variations/${variation!.id}`, { name: others[0] });
    expect(renamed.status).toBe(200);
    await manager.variation(other.id, { name: others[0] });
  });
});

test('allows products whose names look different', async () => {
  const word = newName();
  const { id } = await manager.product({ name: word });
  for (const name of distinct) await manager.product({ name: `${word} ${name}` });
  for (const name of distinct) await manager.variation(id, { name });
});

test('stores names in NFC', async () => {
  const name = `${newName()} Café`;
  expect((await manager.product({ name: name.normalize('NFD') })).name).toBe(name);
});

test('treats service names that differ only in case as equal', async () => {
  const services = createServiceClientRepository(shop.database);
  expect(await services.add('Kitchen Board', ['orders:read'])).toBeDefined();
  expect(await services.add('KITCHEN board', ['orders:read'])).toBeUndefined();
  expect(await services.remove('kitchen BOARD')).toBe(true);
  expect(await services.list()).toEqual([]);
});

describe.each(["LC_CTYPE 'C' LC_COLLATE 'C'", "LOCALE_PROVIDER icu ICU_LOCALE 'tr' LOCALE 'C'"])(
  'a database with another locale: %s',
  (locale) => {
    test('treats the same names as equal', async () => {
      const database = connectToMigrate(await createDatabase(`TEMPLATE template0 ENCODING 'UTF8' ${locale}`));
      try {
        await migrate(database);
        const keys = async (names: string[]) => {
          const { rows } = await database.raw(
            'SELECT count(DISTINCT name_key(name))::int FROM unnest(?::text[]) AS name',
            [names],
          );
          return rows[0].count;
        };
        for (const names of [...Object.values(spellings), ['Iced TITAN', 'iced titan']])
          expect([names, await keys(names)]).toEqual([names, 1]);
        expect(await keys(distinct)).toBe(distinct.length);
      } finally {
        await database.destroy();
      }
    });
  },
);

test('reports in one sentence what to do if the database cannot compare names', async () => {
  const database = connectToMigrate(await createDatabase("TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'"));
  try {
    expect(await faultOf(database)).toBe(
      "The database is in SQL_ASCII and must be in UTF8: create another one with TEMPLATE template0 ENCODING 'UTF8'.",
    );
    expect(await faultOf(shop.database)).toBeUndefined();
  } finally {
    await database.destroy();
  }
});

test('runs a long migration without a statement timeout', async () => {
  const database = connectToMigrate(process.env.DATABASE_URL as string);
  try {
    const setting = 'idle_in_transaction_session_timeout';
    const shown = await database.transaction(async (transaction) => (await transaction.raw(`SHOW ${setting}`)).rows);
    expect(shown).toEqual([{ [setting]: '30min' }]);
  } finally {
    await database.destroy();
  }
});

describe('an older shop with names that are equal today', () => {
  const settings = { directory: 'db/migrations', loadExtensions: ['.ts'] };
  const migrations = ['20261129_14_names.ts', '20261129_18_name_keys.ts'];
  let database: Database;
  beforeEach(async () => {
    database = connect(await copyDatabase(), { max: 3, ...patient });
    const [completed]: { name: string }[][] = await database.migrate.list(settings);
    const newest = completed!.map(({ name }) => name).toReversed();
    for (const name of newest.slice(0, newest.indexOf(migrations[0]!) + 1))
      await database.migrate.down({ ...settings, name });
  });
  afterEach(() => database?.destroy());
  const migrateUp = async () => {
    for (const name of migrations) await database.migrate.up({ ...settings, name });
  };

  /** Waits until the migration waits for a lock. */
  const migrationWaits = () =>
    waitFor('The migration', async () => !!(await database('pg_locks').where({ granted: false }).first('pid')), {
      deadline: 20_000,
    });

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

  test('the migration numbers the newer names and keeps all others', async () => {
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

    await migrateUp();

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

  test('the second migration numbers names that only it treats as equal', async () => {
    const ids = [
      await product('Straße', 9),
      await product('STRASSE', 8),
      await product('Lat  te', 7),
      await product('Lat\u00a0te', 6),
      await product('Lat\u200b te', 5),
    ];
    await migrateUp();
    const rows = await database('products').whereIn('id', ids).orderBy('created_at').select('name', 'version');
    expect(rows).toEqual([
      { name: 'Straße', version: 1 },
      { name: 'STRASSE 2', version: 2 },
      { name: 'Lat  te', version: 1 },
      { name: 'Lat\u00a0te 2', version: 2 },
      { name: 'Lat\u200b te 3', version: 2 },
    ]);
  });

  test.each(migrations)('keeps a change to the catalog made while %s begins', async (name) => {
    const id = await product('Mocha', 9);
    if (name !== migrations[0]) await database.migrate.up({ ...settings, name: migrations[0] });
    const change = await database.transaction();
    await change('products').where({ id }).forUpdate();
    const migrating = database.migrate.up({ ...settings, name });
    await migrationWaits();
    await change('products').where({ id }).update({ name: 'Mocha Grande' });
    await change.commit();
    await migrating;
    expect(await database('products').where({ id }).first('name')).toEqual({ name: 'Mocha Grande' });
  });

  test('keeps the new name of a user renamed during the migration', async () => {
    const { id } = await database('users').first('id');
    await database('users').where({ id }).update({ name: 'Andre\u0301' });
    const change = await database.transaction();
    await change('users').where({ id }).update({ name: 'Ana' });
    const migrating = database.migrate.up({ ...settings, name: migrations[0] });
    await migrationWaits();
    await change.commit();
    await migrating;
    expect(await database('users').where({ id }).first('name')).toEqual({ name: 'Ana' });
  });
});
