import type { MenuItem } from '../../db/catalog-view.ts';
import type { Availability } from '../../domain/catalog/availability.ts';
import { waitFor } from '../../stack/wait.ts';
import { openShop, type Shop } from '../shop.ts';
import { usd } from '../usd.ts';
import { managerOf, optionsOf } from './manager.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ worker: false });
}, 60_000);
afterAll(() => shop?.close());

const manager = managerOf(() => shop);
const options = optionsOf(() => shop);
const tomorrow = () => new Date(Date.now() + 86_400_000).toISOString();
const soldOut = (availableAgainAt: string | null) => ({ available: false, availableAgainAt });
const available = { available: true, availableAgainAt: null };

/** A product with a variation and an option. */
async function item() {
  const group = await options.option((await options.group()).id);
  const { id } = await manager.product({ optionGroups: [{ id: group.id }] });
  const product = await manager.variation(id);
  return { id, variation: product.variations[0]!, group, option: group.options[0]! };
}

const kinds = ['product', 'variation', 'option'] as const;
type Kind = (typeof kinds)[number];
type Item = Awaited<ReturnType<typeof item>>;

/** Changes one of the three. Returns its new state, and the version of its resource. */
async function change(kind: Kind, { id, variation, group, option }: Item, body: object) {
  const answer =
    kind === 'option'
      ? await options.ask('PATCH', `/${group.id}/options/${option.id}`, body)
      : await manager.ask('PATCH', kind === 'product' ? `/${id}` : `/${id}/variations/${variation.id}`, body);
  expect(answer.status).toBe(200);
  return stateIn(kind, answer.body);
}

/** The fields that a response may have. */
interface Body extends Partial<Availability> {
  variations?: Availability[];
  options?: Availability[];
}

function stateIn(kind: Kind, body: Body) {
  const item = { product: body, variation: body.variations?.[0], option: body.options?.[0] }[kind];
  return { available: item?.available, availableAgainAt: item?.availableAgainAt };
}

const read = (kind: Kind, { id, group }: Item, headers = {}) =>
  kind === 'option'
    ? options.ask('GET', `/${group.id}`, undefined, headers)
    : manager.ask('GET', `/${id}`, undefined, headers);

async function onMenu(kind: Kind, { id }: Item): Promise<boolean> {
  const { body } = await shop.request('GET', '/v1/catalog');
  const { available, variations, optionGroups } = body.data.find((each: MenuItem) => each.id === id) as MenuItem;
  return { product: available, variation: variations[0]!.available, option: optionGroups[0]!.options[0]!.available }[
    kind
  ];
}

/** Moves the time of an item into the past. The menu's cache lasts 250 ms. */
async function letTimePass(kind: Kind, { id, variation, option }: Item): Promise<void> {
  const [table, row] = {
    product: ['products', id],
    variation: ['variations', variation.id],
    option: ['options', option.id],
  }[kind] as [string, string];
  await shop
    .database(table)
    .where({ id: row })
    .update({ available_again_at: new Date(Date.now() - 1_000) });
}

describe.each(kinds)('the availability of a %s', (kind) => {
  test('with a time is sold out until then', async () => {
    const one = await item();
    const at = tomorrow();
    expect(await change(kind, one, { availableAgainAt: at })).toEqual(soldOut(at));
    expect(stateIn(kind, (await read(kind, one)).body)).toEqual(soldOut(at));
    expect(await onMenu(kind, one)).toBe(false);
  });

  test('with a time that has passed is available, and no 304 hides it', async () => {
    const one = await item();
    await change(kind, one, soldOut(tomorrow()));
    const { headers } = await read(kind, one);
    const conditional = { 'if-none-match': headers.get('etag')! };
    expect((await read(kind, one, conditional)).status).toBe(304);
    expect(await onMenu(kind, one)).toBe(false);
    const menuTag = (await shop.request('GET', '/v1/catalog')).headers.get('etag');

    await letTimePass(kind, one);

    const answer = await read(kind, one, conditional);
    expect([answer.status, stateIn(kind, answer.body)]).toEqual([200, available]);
    await waitFor('The menu', () => onMenu(kind, one), { deadline: 20_000 });
    expect((await shop.request('GET', '/v1/catalog')).headers.get('etag')).not.toBe(menuTag);
    const list = await (kind === 'option' ? options : manager).ask('GET', '');
    const id = kind === 'option' ? one.group.id : one.id;
    expect(
      stateIn(
        kind,
        list.body.data.find((each: { id: string }) => each.id === id),
      ),
    ).toEqual(available);

    // The next change also stores that the item is available, so that conditional reads work again.
    await change(kind, one, { position: 4 });
    const after = await read(kind, one);
    expect(stateIn(kind, after.body)).toEqual(available);
    expect((await read(kind, one, { 'if-none-match': after.headers.get('etag')! })).status).toBe(304);
  });

  test('is available on the menu without another request', async () => {
    const one = await item();
    await change(kind, one, { availableAgainAt: new Date(Date.now() + 1_500).toISOString() });
    await waitFor('The menu', () => onMenu(kind, one), { deadline: 30_000 });
    expect(stateIn(kind, (await read(kind, one)).body)).toEqual(available);
  });

  test.each<[string, object[], object]>([
    ['available: true clears the time', [soldOut('2100-01-01T00:00:00Z'), { available: true }], available],
    [
      'available: false keeps a later time',
      [soldOut('2100-01-01T00:00:00Z'), { available: false }],
      soldOut('2100-01-01T00:00:00.000Z'),
    ],
    ['null removes the time', [soldOut('2100-01-01T00:00:00Z'), { availableAgainAt: null }], soldOut(null)],
    ['null alone does not sell out', [{ availableAgainAt: null }], available],
    ['available: true wins over a time', [{ available: true, availableAgainAt: '2100-01-01T00:00:00Z' }], available],
    ['a time in the past is available now', [{ availableAgainAt: '2000-01-01T00:00:00Z' }], available],
    ['other changes keep it', [soldOut('2100-01-01T00:00:00Z'), { position: 3 }], soldOut('2100-01-01T00:00:00.000Z')],
    [
      'a time has any offset',
      [{ availableAgainAt: '2100-01-01t02:30:00.5+02:30' }],
      soldOut('2100-01-01T00:00:00.500Z'),
    ],
    ['the latest time', [{ availableAgainAt: '9999-12-31T23:59:59-23:59' }], soldOut('9999-12-31T23:59:59.999Z')],
  ])('follows the rule: %s', async (_, changes, expected) => {
    const one = await item();
    let state: unknown;
    for (const each of changes) state = await change(kind, one, each);
    expect(state).toEqual(expected);
    expect(stateIn(kind, (await read(kind, one)).body)).toEqual(expected);
  });

  test('can be sold out again after its time has passed', async () => {
    const one = await item();
    await change(kind, one, soldOut(tomorrow()));
    await letTimePass(kind, one);
    expect(await change(kind, one, { available: false })).toEqual(soldOut(null));
  });
});

test('a variation of a sold-out product is not available until the product is', async () => {
  const one = await item();
  await change('product', one, soldOut(tomorrow()));
  expect(await onMenu('variation', one)).toBe(false);
  await letTimePass('product', one);
  await waitFor('The menu', () => onMenu('variation', one), { deadline: 20_000 });
});

test('a new product, variation or option can be sold out until a time', async () => {
  const availableAgainAt = '2100-01-01T00:00:00.000Z';
  const product = await manager.product({ availableAgainAt });
  expect(product).toMatchObject(soldOut(availableAgainAt));
  expect((await manager.variation(product.id, { availableAgainAt })).variations).toMatchObject([
    soldOut(availableAgainAt),
  ]);
  const group = await options.group();
  expect((await options.option(group.id, { availableAgainAt })).options).toMatchObject([soldOut(availableAgainAt)]);
});

test('a barista changes the availability of an option and nothing else', async () => {
  const { group, option } = await item();
  const patch = (body: object) =>
    shop.request('PATCH', `/v1/option-groups/${group.id}/options/${option.id}`, { as: shop.barista, body });
  const availableAgainAt = '2100-01-01T00:00:00.000Z';
  expect((await patch({ availableAgainAt })).body.options).toMatchObject([soldOut(availableAgainAt)]);
  expect((await patch({ available: true })).body.options).toMatchObject([available]);
  for (const body of [{ priceDelta: usd(0) }, { available: false, name: 'Free' }]) {
    const refused = await patch(body);
    expect([refused.status, refused.body.code]).toEqual([403, 'forbidden']);
    expect(refused.headers.get('www-authenticate')).toContain('error="insufficient_scope", scope="catalog:write"');
  }
  expect((await options.read(group.id)).options[0]).toMatchObject(available);
});
