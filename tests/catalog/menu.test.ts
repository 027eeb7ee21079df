import { createMenu } from '../../api/catalog/menu.ts';
import { createCatalogView, type MenuItem } from '../../db/catalog-view.ts';
import type { Choice } from '../../domain/catalog/choices.ts';
import { waitFor } from '../../stack/wait.ts';
import { expectFaults } from '../http/problem.ts';
import { openShop, type Shop } from '../shop.ts';
import { usd } from '../usd.ts';
import { managerOf, newName, optionsOf } from './manager.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ worker: false });
}, 60_000);
afterAll(() => shop.close());

const manager = managerOf(() => shop);
const options = optionsOf(() => shop);
const menu = (headers: Record<string, string> = {}) => shop.request('GET', '/v1/catalog', { headers });
const items = async (): Promise<MenuItem[]> => (await menu()).body.data;
const itemOf = async (id: string) => (await items()).find((item) => item.id === id);

// Must run first, before other tests add products.
test('a new shop has the challenge’s menu in order, with final prices', async () => {
  const written = (await items()).map(({ name, price, variations }) => [
    name,
    price.amount,
    ...variations.map((variation) => `${variation.name} ${variation.price.amount}`),
  ]);
  expect(written).toEqual([
    ['Latte', 400, 'Pumpkin Spice 450', 'Vanilla 430', 'Hazelnut 440'],
    ['Espresso', 250, 'Single Shot 250', 'Double Shot 350'],
    ['Macchiato', 400, 'Caramel 450', 'Vanilla 430'],
    ['Iced Coffee', 350, 'Regular 350', 'Sweetened 380', 'Extra Ice 370'],
    ['Donuts', 200, 'Glazed 200', 'Jelly 230', 'Boston Cream 250'],
    ['Tea', 300],
  ]);
});

test('a new shop has categories, allergens and option groups', async () => {
  const written = (await items()).map(({ name, category, allergens, optionGroups }) => [
    name,
    category,
    allergens.join(' '),
    ...optionGroups.map((group) => `${group.name} ${group.min}-${group.max}`),
  ]);
  expect(written).toEqual([
    ['Latte', 'Coffee', 'milk', 'Milk 0-1', 'Extras 0-3'],
    ['Espresso', 'Coffee', ''],
    ['Macchiato', 'Coffee', 'milk', 'Milk 0-1', 'Extras 0-3'],
    ['Iced Coffee', 'Coffee', '', 'Milk 0-1', 'Extras 0-3'],
    ['Donuts', 'Bakery', 'eggs gluten milk soy'],
    ['Tea', 'Tea', ''],
  ]);
  const [milk, extras] = (await items())[0]!.optionGroups;
  expect(milk).toMatchObject({
    id: '0c0ffee0-0000-4000-8000-000000000210',
    options: [
      { id: '0c0ffee0-0000-4000-8000-000000000211', name: 'Whole', priceDelta: usd(0), available: true },
      { id: '0c0ffee0-0000-4000-8000-000000000212', name: 'Oat', priceDelta: usd(60), available: true },
      { id: '0c0ffee0-0000-4000-8000-000000000213', name: 'Soy', priceDelta: usd(50), available: true },
    ],
  });
  expect(extras).toMatchObject({
    id: '0c0ffee0-0000-4000-8000-000000000220',
    options: [
      { id: '0c0ffee0-0000-4000-8000-000000000221', name: 'Extra shot', priceDelta: usd(100), available: true },
      { id: '0c0ffee0-0000-4000-8000-000000000222', name: 'Cinnamon', priceDelta: usd(0), available: true },
    ],
  });
});

describe('reading the menu', () => {
  test('returns exactly the documented fields of a product', async () => {
    const group = await options.option((await options.group({ max: 3 })).id, { name: 'Candle', priceDelta: usd(25) });
    const { id } = await manager.product({
      name: newName(),
      description: 'Good',
      category: 'Cakes',
      imageUrl: 'https://images.example/cake.jpg',
      allergens: ['eggs', 'gluten'],
      basePrice: usd(500),
      optionGroups: [{ id: group.id, min: 1, max: 4 }],
    });
    const { variations } = await manager.variation(id, { name: 'With cream', priceDelta: usd(70) });

    const { status, headers, body } = await menu();

    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(['data']);
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(body.data.find((item: MenuItem) => item.id === id)).toEqual({
      id,
      name: expect.any(String),
      description: 'Good',
      category: 'Cakes',
      imageUrl: 'https://images.example/cake.jpg',
      allergens: ['eggs', 'gluten'],
      price: usd(500),
      available: true,
      variations: [{ id: variations[0]?.id, name: 'With cream', price: usd(570), available: true }],
      optionGroups: [
        {
          id: group.id,
          name: group.name,
          min: 1,
          max: 4,
          options: [{ id: group.options[0]?.id, name: 'Candle', priceDelta: usd(25), available: true }],
        },
      ],
    });
  });

  test('returns the same to customers and managers', async () => {
    const { body } = await menu();
    for (const as of [shop.customer, shop.manager]) {
      expect((await shop.request('GET', '/v1/catalog', { as })).body).toEqual(body);
    }
  });

  test('orders products and variations by position, then name', async () => {
    const word = newName('Order');
    const made = [
      await manager.product({ name: `${word} c`, position: 50 }),
      await manager.product({ name: `${word} b`, position: 50 }),
      await manager.product({ name: `${word} a`, position: 51 }),
    ];
    const id = made[0]?.id as string;
    for (const [name, position] of [
      ['y', 2],
      ['x', 2],
      ['z', 1],
    ]) {
      await manager.variation(id, { name, position });
    }
    const shown = (await items()).filter(({ name }) => name.startsWith(word));
    expect(shown.map(({ name }) => name.at(-1))).toEqual(['b', 'c', 'a']);
    expect(shown[1]?.variations.map(({ name }) => name)).toEqual(['z', 'x', 'y']);
  });

  test('marks sold-out products', async () => {
    const { id } = await manager.product();
    const first = (await manager.variation(id, { name: 'Gone', available: false })).variations[0] as Choice;
    await manager.variation(id, { name: 'There' });
    const availability = async () => {
      const item = await itemOf(id);
      return [item?.available, ...(item?.variations.map(({ name, available }) => `${name} ${available}`) ?? [])];
    };
    expect(await availability()).toEqual([true, 'Gone false', 'There true']);

    await manager.ask('PATCH', `/${id}`, { available: false });
    expect(await availability()).toEqual([false, 'Gone false', 'There false']);

    await manager.ask('PATCH', `/${id}`, { available: true });
    await manager.ask('PATCH', `/${id}/variations/${first.id}`, { available: true });
    expect(await availability()).toEqual([true, 'Gone true', 'There true']);
  });

  test('omits deleted products until they are restored', async () => {
    const { id } = await manager.product();
    const { variations } = await manager.variation(id, { name: 'Kept' });
    const path = `/${id}/variations/${variations[0]?.id}`;

    await manager.ask('DELETE', path);
    expect((await itemOf(id))?.variations).toEqual([]);
    await manager.ask('POST', `${path}/restore`);
    expect((await itemOf(id))?.variations).toMatchObject([{ name: 'Kept' }]);

    await manager.ask('DELETE', `/${id}`);
    expect(await itemOf(id)).toBeUndefined();
    await manager.ask('POST', `/${id}/restore`);
    expect((await itemOf(id))?.variations).toMatchObject([{ name: 'Kept' }]);
  });

  test('returns the highest possible price', async () => {
    const { id } = await manager.product({ basePrice: usd(10_000_000) });
    await manager.variation(id, { priceDelta: usd(10_000_000) });
    expect((await itemOf(id))?.variations[0]?.price).toEqual(usd(20_000_000));
  });

  test('rejects query parameters', async () => {
    expectFaults(await shop.request('GET', '/v1/catalog?include=deleted'), ['?include']);
  });
});

describe('a conditional read of the menu', () => {
  const tags: [what: string, header: (etag: string) => string, status: number][] = [
    ['the tag', (etag) => etag, 304],
    ['the tag, weak', (etag) => `W/${etag}`, 304],
    ['the tag in a list', (etag) => `"other", W/"more" ,${etag}`, 304],
    ['the tag as Apache compresses it', (etag) => etag.replace(/"$/, '-gzip"'), 304],
    ['any tag', () => '*', 304],
    ['another tag', () => '"other"', 200],
    ['the tag without quotes', (etag) => etag.replaceAll('"', ''), 200],
    ['a list of others', () => '"a", W/"b"', 200],
    ['an empty header', () => '', 200],
    ['nonsense', () => ',,"', 200],
  ];

  test.each(tags)('with %s in If-None-Match has the expected status', async (_, header, status) => {
    const first = await menu();
    const etag = first.headers.get('etag') as string;
    expect(etag).toMatch(/^"[\w-]+"$/);

    const second = await menu({ 'if-none-match': header(etag) });

    expect(second).toMatchObject({ status, body: status === 304 ? '' : first.body });
    expect(second.headers.get('etag')).toBe(etag);
    expect(second.headers.get('cache-control')).toBe('no-cache');
  });

  test('changes the tag with the menu and restores it with the menu', async () => {
    const tagNow = async () => (await menu()).headers.get('etag');
    const { id } = await manager.product();
    const before = await tagNow();
    const changes: [string, string, unknown][] = [
      ['PATCH', '', { basePrice: usd(1) }],
      ['PATCH', '', { available: false }],
      ['PATCH', '', { description: 'New' }],
      ['POST', '/variations', { name: 'New', priceDelta: usd(1) }],
      ['DELETE', '', undefined],
    ];
    const seen = new Set([before]);
    for (const [method, path, body] of changes) {
      await manager.ask(method, `/${id}${path}`, body);
      seen.add(await tagNow());
    }
    expect(seen.size).toBe(changes.length + 1);
    const last = await tagNow();
    await manager.ask('POST', `/${id}/restore`);
    await manager.ask('DELETE', `/${id}`);
    expect(await tagNow()).toBe(last);
  });
});

test('orders do not change when a product is deleted, renamed or repriced', async () => {
  const { id } = await manager.product({ name: newName('Frozen'), basePrice: usd(500) });
  const { variations } = await manager.variation(id, { name: 'Large', priceDelta: usd(100) });
  const line = { productId: id, variationId: variations[0]?.id, quantity: 3 };
  const { body: order } = await shop.place({ body: { lines: [line] } });
  const row = () => shop.database('orders').where({ id: order.id }).first();
  const before = await row();
  expect(order).toMatchObject({ lines: [{ variation: 'Large', unitPrice: usd(600) }], total: usd(1_800) });

  const variation = `/${id}/variations/${line.variationId}`;
  const changes: [string, string, unknown][] = [
    ['PATCH', `/${id}`, { name: newName(), basePrice: usd(1), available: false }],
    ['PATCH', variation, { name: 'Tiny', priceDelta: usd(1), available: false }],
    ['DELETE', variation, undefined],
    ['DELETE', `/${id}`, undefined],
    ['POST', `/${id}/restore`, undefined],
  ];
  for (const [method, path, body] of changes) {
    expect((await manager.ask(method, path, body)).status).toBeLessThan(300);
    expect((await shop.readOrder(order.id)).body).toEqual(order);
    expect(await row()).toEqual(before);
  }
});

describe('the menu from several processes', () => {
  test('shows a change at once in the same process and soon in the others', async () => {
    const elsewhere = createMenu(createCatalogView(shop.database));
    const { id } = await manager.product();
    const isElsewhere = async () => (await elsewhere.read()).body.includes(id);
    await waitFor('The new product', isElsewhere, { deadline: 5_000, every: 50 });

    await manager.ask('DELETE', `/${id}`);
    expect(await itemOf(id)).toBeUndefined();
    await waitFor('The end of the product', async () => !(await isElsewhere()), { deadline: 5_000, every: 50 });
  });

  test('does not cache an outage', async () => {
    let isDown = true;
    const view = createCatalogView(shop.database);
    const menuOf = createMenu({ menu: () => (isDown ? Promise.reject(new Error('down')) : view.menu()) });
    await expect(menuOf.read()).rejects.toThrow('down');
    isDown = false;
    expect(JSON.parse(String((await menuOf.read()).body)).data).toEqual(await items());
  });
});
