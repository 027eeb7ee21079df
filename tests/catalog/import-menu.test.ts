import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { ConfigurationError } from '../../config/environment.ts';
import type { MenuItem } from '../../db/catalog-view.ts';
import { connect, type Database } from '../../db/connection.ts';
import { createOptionGroupRepository } from '../../db/option-groups.ts';
import { createProductRepository } from '../../db/products.ts';
import { importFile } from '../../manage/import-menu.ts';
import { waitFor } from '../../stack/wait.ts';
import { manage } from '../config/run-command.ts';
import { copyDatabase, patient } from '../databases.ts';
import { openShop, type Shop } from '../shop.ts';

let folder: string;
let url: string;
let database: Database;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'crema-menu-'));
  url = await copyDatabase();
  database = connect(url, { max: 2, ...patient });
});
afterEach(async () => {
  await database?.destroy();
  await rm(folder, { recursive: true });
});

const HEADER =
  'kind,belongs to,name,price,category,description,available,allergens,image,option groups,min,max,position';

/** Runs a command on the database of this test. */
const run = (...args: string[]) => manage({ DATABASE_URL: url, CURRENCY: 'USD' }, ...args);

async function fileOf(content: string | Buffer, name = 'menu.csv'): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

const importing = async (content: string | Buffer, ...args: string[]) =>
  run('import-menu', await fileOf(content), ...args);

/** Imports a file without the command, which takes seconds to start, and returns the lines that the command would print. */
async function imported(content: string | Buffer): Promise<string> {
  const lines = await importFile(database, await fileOf(content), { currency: 'USD', isDryRun: false });
  return `${lines.join('\n')}\n`;
}

async function exported(): Promise<string> {
  const path = join(folder, 'exported.csv');
  expect(await run('export-menu', path)).toMatchObject({ code: 0 });
  return readFile(path, 'utf8');
}

/** Returns all rows of the catalog. */
const catalog = async () => ({
  groups: await createOptionGroupRepository(database).list({ includeDeleted: true }),
  products: await createProductRepository(database).list({ includeDeleted: true }),
});
const productOf = async (name: string) => (await catalog()).products.find((product) => product.name === name);

/** Returns the lines of the faults. */
async function faultsOf(content: string | Buffer): Promise<string[]> {
  const before = await catalog();
  const refusal = await imported(content).catch((error: unknown) => error);
  expect(await catalog()).toEqual(before);
  expect(refusal).toBeInstanceOf(ConfigurationError);
  return faultsIn((refusal as ConfigurationError).message);
}

function faultsIn(output: string): string[] {
  expect(output).toContain('so nothing has changed:');
  return output
    .split('\n')
    .filter((line) => line.startsWith('  '))
    .map((line) => line.trim());
}

test('imports the example of the documentation, and again without a change', async () => {
  const example = await readFile('docs/examples/menu.csv');
  const { code, output } = await importing(example);
  expect([code, output]).toEqual([0, expect.stringContaining('New product Flat White\n')]);
  expect(output).toContain('New product Cappuccino: new variation Small, new variation Large\n');
  expect(output).toMatch(/^Changed option group Milk: new option Lactose-free$/m);
  expect(output).toMatch(/^Changed product Latte: .*option groups.*new variation Iced/m);

  const latte = await productOf('Latte');
  expect(latte).toMatchObject({ version: 2, category: 'Coffee', imageUrl: 'https://images.example/latte.jpg' });
  expect(latte?.variations.map(({ name }) => name)).toEqual(expect.arrayContaining(['Hazelnut', 'Small', 'Large']));
  expect(await productOf('Cheesecake')).toMatchObject({
    version: 1,
    available: false,
    allergens: ['gluten', 'milk', 'eggs'],
  });
  expect((await productOf('Pastel de Nata'))?.description).toBe('Custard tart,\nstill warm until 10 o’clock');
  // Items that the file does not list stay.
  expect(await productOf('Donuts')).toMatchObject({ version: 1, deletedAt: null });

  const before = await catalog();
  expect(await imported(example)).toMatch(/^Products and option groups: 0 new or changed, 34 unchanged\.$/m);
  expect(await catalog()).toEqual(before);
});

describe('a file that was exported', () => {
  test('changes nothing when it is imported', async () => {
    const [{ id: milk }, { id: extras }] = (await catalog()).groups as unknown as [{ id: string }, { id: string }];
    await database('option_groups').where({ id: milk }).update({ name: String.raw`Size; "big" \ (1-2)` });
    await database('option_groups').where({ id: extras }).update({ name: '=1+1' });
    await database('product_option_groups').where({ option_group_id: milk }).update({ min: 1 });
    await database('product_option_groups').where({ option_group_id: extras }).update({ min: 0, max: 20 });
    const odd = {
      name: '"Crème, brûlée" – №5',
      description: 'Line 1\r\nline 2\n\n"quoted"; a, b\t🥐',
      category: '@home',
    };
    await database('products')
      .where({ name: 'Tea' })
      .update({ ...odd, image_url: 'https://a.example/?a=1,2;3%22' });
    await database('products')
      .where({ name: 'Donuts' })
      .update({ available: false, available_again_at: '2100-01-01T00:00:00Z', allergens: ['soy', 'milk'] });
    await database('variations').where({ name: 'Jelly' }).update({ available: false, position: 1_000_000 });
    await database('variations').where({ name: 'Hazelnut' }).update({ deleted_at: new Date() });
    await database('products').where({ name: 'Espresso' }).update({ base_price: 10_000_000, deleted_at: new Date() });
    const before = await catalog();

    const csv = await exported();
    expect(csv.startsWith('\ufeffkind,belongs to,name,')).toBe(true);
    expect(csv).not.toMatch(/,Hazelnut,|,Espresso,/);
    expect(await imported(csv)).toMatch(/^Products and option groups: 0 new or changed, 7 unchanged\.$/m);

    expect(await catalog()).toEqual(before);
    expect(await exported()).toBe(csv);
  });

  test('creates the same menu in another shop', async () => {
    await imported(await readFile('docs/examples/menu.csv'));
    const csv = await exported();
    const other = await copyDatabase();
    const target = connect(other, { max: 1, ...patient });
    for (const table of ['product_option_groups', 'options', 'option_groups', 'variations', 'products'])
      await target(table).delete();
    const path = await fileOf(csv);
    expect(await manage({ DATABASE_URL: other, CURRENCY: 'USD' }, 'import-menu', path)).toMatchObject({ code: 0 });
    const copy = join(folder, 'copy.csv');
    await manage({ DATABASE_URL: other, CURRENCY: 'USD' }, 'export-menu', copy);
    expect(await readFile(copy, 'utf8')).toBe(csv);
    await target.destroy();
  });

  test('keeps the deleted option groups of products', async () => {
    const [milk] = (await catalog()).groups;
    await database('option_groups').where({ id: milk!.id }).update({ deleted_at: new Date() });
    const before = await catalog();
    await imported(await exported());
    expect(await catalog()).toEqual(before);
  });

  test('is written to standard output without a file argument', async () => {
    const { code, output } = await run('export-menu');
    expect(code).toBe(0);
    const csv = output.slice(0, output.lastIndexOf('\r\n') + 2);
    expect(parse(csv, { bom: true, columns: true })).toHaveLength(6 + 13 + 2 + 5);
  });
});

describe('importing', () => {
  test('raises the version of a changed entry by one, and of no other', async () => {
    const before = await catalog();
    const output = await imported(
      `${HEADER}
product,,LATTE,4.20,Coffee,New text,,milk; soy,,Extras (1-2),,,1
variation,latte,vanilla,0.35,,,no,,,,,,
variation,Latte,Maple,0.5,,,2100-01-01T00:00:00Z,,,,,,9
option,Milk,Oat,0.70,,,,,,,,,2
product,,Tea,3,Tea,A pot of the day’s leaves,,,,,,,6
`,
    );
    expect(output).toContain(
      'Changed product LATTE: name, price, description, allergens, option groups, ' +
        'variation vanilla (name, price, available, position), new variation Maple\n',
    );
    expect(output).toContain('Changed option group Milk: option Oat (price)\n');
    expect(output).toMatch(/^Products and option groups: 2 new or changed, 1 unchanged\.$/m);
    const after = await catalog();
    const versions = ({ groups, products }: typeof after) =>
      [...groups, ...products].map(({ id, version }) => [id, version]);
    const raised = new Set([before.products[0]!.id, before.groups[0]!.id]);
    expect(versions(after)).toEqual(
      versions(before).map(([id, version]) => [id, Number(version) + Number(raised.has(String(id)))]),
    );
    expect(after.products[0]).toMatchObject({
      name: 'LATTE',
      basePrice: { amount: 420, currency: 'USD' },
      optionGroups: [{ id: before.groups[1]!.id, min: 1, max: 2 }],
    });
    expect(
      after.products[0]?.variations.map(({ name, available, availableAgainAt }) => [name, available, availableAgainAt]),
    ).toEqual(
      expect.arrayContaining([
        ['vanilla', false, null],
        ['Maple', false, '2100-01-01T00:00:00.000Z'],
        ['Hazelnut', true, null],
      ]),
    );
  });

  test('changes only the columns of the file', async () => {
    const before = await productOf('Latte');
    await imported('kind,name,price\nproduct,Latte,4.99\nproduct,Chai,3.50\n');
    expect(await productOf('Latte')).toEqual({
      ...before,
      basePrice: { amount: 499, currency: 'USD' },
      version: 2,
      updatedAt: expect.any(String),
    });
    expect(await productOf('Chai')).toMatchObject({ description: '', category: null, available: true, position: 2 });
  });

  test('creates a new item in place of a deleted one', async () => {
    await database('products').where({ name: 'Tea' }).update({ deleted_at: new Date() });
    await imported('kind,name,price\nproduct,Tea,3.00\n');
    const teas = (await catalog()).products.filter(({ name }) => name === 'Tea');
    expect(teas.map(({ deletedAt }) => deletedAt === null).toSorted()).toEqual([false, true]);
  });

  test.each<[string, (csv: string) => string | Buffer]>([
    ['a byte order mark', (csv) => `\ufeff${csv}`],
    ['Windows line endings', (csv) => csv.replaceAll('\n', '\r\n')],
    ['old Mac line endings', (csv) => csv.replaceAll('\n', '\r')],
    ['semicolons', (csv) => csv.replaceAll(',', ';')],
    ['tabs', (csv) => csv.replaceAll(',', '\t')],
    ['quoted cells', (csv) => csv.replaceAll(/[^,\n]+/g, '"$&"')],
    [
      'spaces and capitals',
      (csv) => csv.replace('kind,name,price', ' Kind , NAME,Price ').replaceAll('product', ' Product '),
    ],
    ['empty rows and cells', (csv) => `${csv.replaceAll('\n', ',,\n')},,,,\n\n,,\n`],
    ['no last line ending', (csv) => csv.trimEnd()],
  ])('reads a file with %s', async (_, as) => {
    await imported(as('kind,name,price\nproduct,Crème 🥐,3.50\nproduct,Sencha,4\n'));
    expect(await productOf('Crème 🥐')).toMatchObject({ basePrice: { amount: 350, currency: 'USD' } });
    expect(await productOf('Sencha')).toMatchObject({ basePrice: { amount: 400, currency: 'USD' } });
  });

  test('counts places among the rows of a parent, however its name is spelled', async () => {
    await imported('kind,belongs to,name,price,position\noption,Milk,Hemp,1,\noption,MILK,Pea,1,\nproduct,,Chai,1,\n');
    const { groups, products } = await catalog();
    const all = [...groups.flatMap(({ options }) => options), ...products];
    const positions = ['Hemp', 'Pea', 'Chai'].map((name) => all.find((item) => item.name === name)?.position);
    expect(positions).toEqual([1, 2, 1]);
  });

  test('creates 164 products and 211 variations, and again changes nothing', async () => {
    const before = await catalog();
    const rows = Array.from({ length: 164 }, (_, index) => `product,,Product ${index},${index}.50\n`);
    for (let index = 0; index < 211; index += 1)
      rows.push(`variation,Product ${index % 164},Variation ${index},0.${10 + (index % 90)}\n`);
    const csv = `kind,belongs to,name,price\n${rows.join('')}`;
    expect(await imported(csv)).toMatch(/^Products and option groups: 164 new or changed, 0 unchanged\.$/m);
    const { products } = await catalog();
    const created = products.filter(({ name }) => name.startsWith('Product '));
    expect(created).toHaveLength(164);
    expect(created.flatMap(({ variations }) => variations)).toHaveLength(211);
    expect(products).toHaveLength(before.products.length + 164);
    expect(await imported(csv)).toMatch(/^Products and option groups: 0 new or changed, 164 unchanged\.$/m);
  });

  test('changes nothing with --dry-run, and prints what would change', async () => {
    const before = await catalog();
    const { code, output } = await importing('kind,name,price\nproduct,Latte,4.99\nproduct,Chai,3.50\n', '--dry-run');
    expect(code).toBe(0);
    expect(output).toContain(
      'Changed product Latte: price\nNew product Chai\nProducts and option groups: 2 new or changed, 0 unchanged.\nThis was a dry run: nothing has changed.\n',
    );
    expect(await catalog()).toEqual(before);
  });

  test('reads prices in the currency of the shop', async () => {
    for (const table of ['product_option_groups', 'options', 'option_groups', 'variations', 'products'])
      await database(table).delete();
    const inYen = (csv: string) =>
      fileOf(csv).then((path) => manage({ DATABASE_URL: url, CURRENCY: 'JPY' }, 'import-menu', path));
    expect((await inYen('kind,name,price\nproduct,Tea,300.5\n')).output).toContain(
      'line 2: price: must have no decimals in JPY',
    );
    expect((await inYen('kind,name,price\nproduct,Tea,300\n')).code).toBe(0);
    expect(await productOf('Tea')).toMatchObject({ basePrice: { amount: 300, currency: 'JPY' } });
    const { code, output } = await importing('kind,name,price\nproduct,Tea,3.00\n');
    expect([code, output]).toEqual([
      1,
      expect.stringContaining('CURRENCY is USD, but products or options on sale are priced in JPY'),
    ]);
  });
});

describe('a file with faults', () => {
  test('is rejected with all of them and their lines', async () => {
    const faults = await faultsOf(
      `${HEADER}
group,,Size,,,,,,,,2,1,
group,,Bread,,,,,,,,x,21,-1
option,Nowhere,Oat,1,,,,,,,,,
option,Milk,oat,1.234,,,,,,,,,
option,Milk,OAT,1,,,,,,,,,
product,,"Two
lines",1,,,,,,,,,
product,,Cake,,${'c'.repeat(51)},${'d'.repeat(1001)},maybe,dust,http://a.example,Sugar; Extras (4-); Milk; milk,,,x
product,,Soup,"4,50",,,,,,,1,,
product,,Stew,100000.01,,,2100-02-30T00:00:00Z,milk; milk,,Milk (30-40),,,
variation,Cake,Large,0,Coffee,,,,,,,,
variation,,Small,,,,,,,,,,
,,Nothing,,,,,,,,,,
drink,,Water,1,,,,,,,,,
`,
    );
    expect(faults).toEqual([
      'line 2: max: must be at least 2, the value of min',
      'line 3: position: must be a whole number from 0 to 1000000',
      'line 3: min: must be a whole number from 0 to 20',
      'line 3: max: must be a whole number from 0 to 20',
      'line 4: belongs to: Nowhere is not an option group',
      'line 5: price: must have at most 2 decimals',
      'line 6: name: is the same as in line 5',
      'line 7: name: must be one line of at most 100 characters, with at least one visible',
      'line 9: position: must be a whole number from 0 to 1000000',
      'line 9: price: is required',
      'line 9: available: must be yes, no, or a time such as 2026-11-30T14:00:00Z',
      'line 9: category: must be one line of at most 50 characters, with at least one visible',
      'line 9: description: must have at most 1000 characters, and no control characters',
      'line 9: allergens: dust must be one of celery, crustaceans, eggs, fish, gluten, lupin, milk, molluscs, mustard, nuts, peanuts, sesame, soy, sulphites; separate them with semicolons',
      'line 9: image: must be https://…, with at most 2000 characters',
      'line 9: option groups: Sugar is not an option group',
      'line 9: option groups: Extras: min must be at most 3, the value of max',
      'line 9: option groups: Milk: occurs twice',
      'line 10: min: must be empty in a row of the kind product',
      'line 10: price: must be a number such as 4.30',
      'line 11: price: must be at most 100000.00',
      'line 11: available: must be yes, no, or a time such as 2026-11-30T14:00:00Z',
      'line 11: allergens: must not contain duplicates',
      'line 11: option groups: Milk: the limits must be at most 20',
      'line 12: category: must be empty in a row of the kind variation',
      'line 13: belongs to: is required',
      'line 13: price: is required',
      'line 14: kind: must be one of group, option, product, variation',
      'line 15: kind: must be one of group, option, product, variation',
    ]);
  });

  test('is rejected as a whole: no row of it is imported', async () => {
    expect(await faultsOf('kind,name,price\nproduct,Latte,9.99\nproduct,Chai,3.50\nproduct,Soup,x\n')).toEqual([
      'line 4: price: must be a number such as 4.30',
    ]);
    expect(await productOf('Chai')).toBeUndefined();
  });

  test('is rejected with all of 1,000 faults', async () => {
    const rows = Array.from({ length: 1_000 }, (_, index) => `product,Cake ${index},free\n`);
    const { code, output } = await importing(`kind,name,price\n${rows.join('')}`, '--dry-run');
    expect(code).toBe(1);
    const faults = faultsIn(output);
    expect(faults).toHaveLength(1_000);
    expect(faults.at(-1)).toBe('line 1001: price: must be a number such as 4.30');
  });

  test('has correct line numbers below blank lines and line breaks inside cells', async () => {
    const rows = [
      'kind,name,price,description',
      '',
      'product,Soup,x,"Line 1\r\nline 2\rline 3\nline 4\r\n"',
      'product,Stew,"y"',
      ',,,',
      'product,Cake,z',
      '"Pie',
      'product,Tart,1',
    ];
    expect(await faultsOf(rows.join('\r\n'))).toEqual([
      expect.stringContaining('line 3: price: '),
      expect.stringContaining('line 8: price: '),
      expect.stringContaining('line 10: price: '),
      'line 11: the row that begins here has a quotation mark that is not closed, or not doubled inside a cell',
    ]);
  });

  test('has its cells shortened, on one line and without control characters', async () => {
    const forged = '"dust\u001b[2J\n  line 9: forged"';
    const long = 'x'.repeat(1_000);
    const faults = await faultsOf(`kind,name,price,allergens\nproduct,Soup,1,${forged}\nproduct,Stew,1,${long}\n`);
    expect(faults).toEqual([
      expect.stringContaining('line 2: allergens: dust [2j line 9: forged must be one of '),
      `line 4: allergens: ${'x'.repeat(300 - 'allergens: …'.length)}…`,
    ]);
  });

  test('has no other faults because of a group with faults', async () => {
    expect(
      await faultsOf(`kind,belongs to,name,price,option groups,min,max
group,,Size,,,2,1
group,,Bread,,,2,x
option,Size,Small,0,,,
product,,Soup,4,Size (3-); Bread (3-),,
`),
    ).toEqual([
      'line 2: max: must be at least 2, the value of min',
      'line 3: max: must be a whole number from 0 to 20',
    ]);
  });

  test.each<[string, string | Buffer, string[]]>([
    ['an unknown column', 'kind,name,colour\nproduct,x,y\n', ['line 1: colour: is not a column. The columns are ']],
    ['a column twice', 'kind,name,Name\n', ['line 1: name: occurs twice']],
    ['no header', '', ['line 1: the header is missing. The columns are ']],
    ['only empty lines', '\n\n,,\n', ['line 1: the header is missing. The columns are ']],
    ['no column for names', 'kind,price\nproduct,1\n', ['line 2: name: is required']],
    ['no column for kinds', 'name,price\nTea,1\n', ['line 2: kind: must be one of ']],
    ['a new product without a price', 'kind,name\nproduct,Soup\n', ['line 2: price: is required for a new product']],
    [
      'a cell beyond the header',
      'kind,name,price\nproduct,Soup,1,2\n',
      ['line 2: cell 4 is under no column of the header'],
    ],
    [
      'an open quotation mark',
      'kind,name,price\nproduct,x,y\nproduct,"Soup,1\nproduct,Tea,1\n',
      ['line 2: price: must be a number', 'line 3: the row that begins here has a quotation mark that is not closed'],
    ],
    [
      'text after a quotation mark',
      'kind,name,price\nproduct,"Soup" 2,1\n',
      ['line 2: the row that begins here has a quotation mark'],
    ],
    [
      'another encoding',
      Buffer.from('kind,name,price\nproduct,Tea,x\nproduct,Cr\xe8me,1\nproduct,Caf\xe9,1\n', 'latin1'),
      ['line 2: price: must be', 'line 3: cell 2 is not UTF-8', 'line 4: cell 2 is not UTF-8'],
    ],
    ['UTF-16', Buffer.from('\ufeffkind,name,price\n', 'utf16le'), ['line 1: cell 1 is not UTF-8']],
    ['a NUL character', 'kind,name,price\nproduct,a\0b,1\n', ['line 2: name: must be one line']],
    ['an invisible name', 'kind,name,price\nproduct,\u200b,1\n', ['line 2: name: must be one line']],
  ])('is rejected for %s', async (_, content, expected) => {
    expect(await faultsOf(content)).toEqual(expected.map((start) => expect.stringContaining(start)));
  });

  test('is rejected for limits that a product outside of the file could not keep', async () => {
    const [milk] = (await catalog()).groups;
    await database('product_option_groups').where({ option_group_id: milk!.id }).update({ max: 1 });
    expect(await faultsOf('kind,name,min,max\ngroup,Milk,2,3\n')).toEqual([
      'line 2: min: must be at most 1, because Latte has this max',
      'line 2: min: must be at most 1, because Macchiato has this max',
      'line 2: min: must be at most 1, because Iced Coffee has this max',
    ]);
  });

  test('is rejected at once if it has more than 1,000 rows', async () => {
    const { code, output } = await importing(`kind,name,price\n${'product,Tea,1\n'.repeat(1_001)}`);
    expect([code, output]).toEqual([1, expect.stringMatching(/menu\.csv has more than 1000 rows: split it into /)]);
  });

  test('is rejected at once if it is larger than 1 MB', async () => {
    const { code, output } = await importing('x'.repeat(5_000_000));
    expect(code).toBe(1);
    expect(output).toMatch(/menu\.csv has 5000000 bytes\. The maximum is 1000000: split it into several files\.\n$/);
  });

  test.each([
    [['import-menu'], 'Give one CSV file.'],
    [['import-menu', 'a.csv', 'b.csv'], 'Give one CSV file.'],
    [['import-menu', 'nowhere.csv'], 'nowhere.csv cannot be used (ENOENT)'],
    [['import-menu', 'docs'], 'docs is not a file.'],
    [['import-menu', '--force', 'a.csv'], 'Usage: npm run manage -- import-menu <file.csv> [--dry-run]'],
    [['export-menu', 'a.csv', 'b.csv'], 'Give at most one file.'],
    [['export-menu', 'nowhere/menu.csv'], 'nowhere/menu.csv cannot be used (ENOENT)'],
  ])('is explained in one sentence: %j', async (args, sentence) => {
    const { code, output } = await run(...args);
    expect([code, output]).toEqual([1, expect.stringContaining(sentence)]);
    expect(output).not.toMatch(/^ +at /m);
  });
});

describe('a running shop', () => {
  let shop: Shop;
  afterEach(() => shop?.close());

  test('shows the imported menu soon', async () => {
    shop = await openShop({ worker: false, databaseUrl: url });
    await imported(await readFile('docs/examples/menu.csv'));
    const item = async (): Promise<MenuItem | undefined> =>
      (await shop.request('GET', '/v1/catalog')).body.data.find(({ name }: MenuItem) => name === 'Avocado Toast');
    await waitFor('The new menu', async () => (await item()) !== undefined, { deadline: 20_000 });
    expect(await item()).toMatchObject({
      category: 'Kitchen',
      allergens: ['gluten', 'sesame'],
      price: { amount: 750, currency: 'USD' },
      optionGroups: [
        { name: 'Bread', min: 1, max: 1, options: [{ name: 'Sourdough' }, { name: 'Rye' }, { name: 'Gluten-free' }] },
      ],
    });
  }, 60_000);

  test('accepts changes by the API while imports run, and keeps all limits valid', async () => {
    shop = await openShop({ worker: false, databaseUrl: url });
    const { groups, products } = await catalog();
    const [milk, latte] = [groups.find(({ name }) => name === 'Milk'), products.find(({ name }) => name === 'Latte')];
    const files = await Promise.all(
      ['Milk', 'Milk (-1)'].map((list) =>
        fileOf(`kind,name,price,option groups,min,max\ngroup,Milk,,,0,3\nproduct,Latte,4,${list},,\n`, `${list}.csv`),
      ),
    );
    let isRunning = true;
    const patches = async (path: string, bodies: object[]) => {
      const statuses: number[] = [];
      while (isRunning)
        for (const body of bodies) {
          statuses.push((await shop.request('PATCH', path, { as: shop.manager, body })).status);
          expect(await brokenLimits()).toEqual([]);
        }
      return statuses;
    };
    const patching = Promise.all([
      patches(`/v1/products/${latte!.id}`, [{ available: false }, { available: true }]),
      patches(`/v1/option-groups/${milk!.id}`, [{ min: 2, max: 3 }, { min: 0 }]),
    ]);
    try {
      for (let round = 0; round < 40; round += 1)
        await importFile(database, files[round % 2] as string, { currency: 'USD', isDryRun: false });
    } finally {
      isRunning = false;
    }
    for (const statuses of await patching) {
      expect(statuses).toContain(200);
      expect(statuses.filter((status) => status >= 500)).toEqual([]);
    }
    expect(await brokenLimits()).toEqual([]);
  }, 60_000);
});

/** Returns the lists of products that no choice of options satisfies. */
const brokenLimits = () =>
  database('product_option_groups as own')
    .join('option_groups as all', 'all.id', 'option_group_id')
    .whereRaw('coalesce(own.min, "all".min) > coalesce(own.max, "all".max)')
    .select('product_id', 'option_group_id');
