import type { MenuItem } from '../../db/catalog-view.ts';
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
const nowhere = '0c0ffee0-0000-4000-8000-0000000000ff';

const menuItem = async (id: string): Promise<MenuItem> => {
  const { body } = await shop.request('GET', '/v1/catalog');
  return body.data.find((item: MenuItem) => item.id === id);
};
const groupsOf = async (id: string) => (await manager.ask('GET', `/${id}`)).body.optionGroups;

describe('the option groups of a product', () => {
  test('keep the order and the limits of the request', async () => {
    const [milk, extras, size] = [await options.group(), await options.group({ max: 3 }), await options.group()];
    const optionGroups = [{ id: extras.id, min: 1, max: 2 }, { id: milk.id }, { id: size.id, min: 1 }];
    const product = await manager.product({ optionGroups });
    expect(product.optionGroups).toEqual(optionGroups);
    expect(await groupsOf(product.id)).toEqual(optionGroups);
    expect((await menuItem(product.id)).optionGroups).toMatchObject([
      { id: extras.id, name: extras.name, min: 1, max: 2 },
      { id: milk.id, name: milk.name, min: 0, max: 1 },
      { id: size.id, name: size.name, min: 1, max: 1 },
    ]);
  });

  test('are replaced by a change of the list, and kept by other changes', async () => {
    const [one, two] = [await options.group(), await options.group()];
    const { id } = await manager.product({ optionGroups: [{ id: one.id, max: 4 }, { id: two.id }] });
    await manager.ask('PATCH', `/${id}`, { position: 3 });
    expect(await groupsOf(id)).toEqual([{ id: one.id, max: 4 }, { id: two.id }]);
    const changed = await manager.ask('PATCH', `/${id}`, { optionGroups: [{ id: two.id, min: 1 }, { id: one.id }] });
    expect(changed.body).toMatchObject({ version: 3, optionGroups: [{ id: two.id, min: 1 }, { id: one.id }] });
    expect(await groupsOf(id)).toEqual([{ id: two.id, min: 1 }, { id: one.id }]);
    await manager.ask('PATCH', `/${id}`, { optionGroups: [] });
    expect(await groupsOf(id)).toEqual([]);
  });

  test('can be as many as 20', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, async () => ({ id: (await options.group()).id })));
    expect((await manager.product({ optionGroups: ids })).optionGroups).toEqual(ids);
  });

  test('show changes of the group on the menu', async () => {
    const group = await options.group({ max: 5 });
    const { id } = await manager.product({ optionGroups: [{ id: group.id }] });
    const {
      options: [oat],
    } = await options.option(group.id, { name: 'Oat', priceDelta: usd(60) });
    await options.ask('PATCH', `/${group.id}`, { name: `${group.name} renamed`, min: 2 });
    expect((await menuItem(id)).optionGroups).toEqual([
      {
        id: group.id,
        name: `${group.name} renamed`,
        min: 2,
        max: 5,
        options: [{ id: oat!.id, name: 'Oat', priceDelta: usd(60), available: true }],
      },
    ]);
    await options.ask('PATCH', `/${group.id}/options/${oat!.id}`, { available: false });
    expect((await menuItem(id)).optionGroups[0]!.options).toMatchObject([{ name: 'Oat', available: false }]);
    await options.ask('DELETE', `/${group.id}/options/${oat!.id}`);
    expect((await menuItem(id)).optionGroups[0]!.options).toEqual([]);
  });
});

describe('an invalid list of option groups', () => {
  test('is rejected with a pointer for each fault, and changes nothing', async () => {
    const [live, wide, deleted] = [
      await options.group(),
      await options.group({ min: 2, max: 4 }),
      await options.group(),
    ];
    await options.ask('DELETE', `/${deleted.id}`);
    const optionGroups = [
      { id: nowhere },
      { id: deleted.id },
      { id: live.id },
      { id: live.id.toUpperCase() },
      { id: wide.id, max: 1 },
    ];
    const faults = ['#/optionGroups/0/id', '#/optionGroups/1/id', '#/optionGroups/3/id', '#/optionGroups/4/max'];
    const before = await manager.product();
    expectFaults(await manager.ask('POST', '', { name: newName(), basePrice: usd(1), optionGroups }), faults);
    const refused = await manager.ask('PATCH', `/${before.id}`, { name: newName(), optionGroups });
    expectFaults(refused, faults);
    expect(refused.body.errors.map(({ detail }: { detail: string }) => detail)).toEqual([
      'is not an option group, or is deleted',
      'is not an option group, or is deleted',
      'occurs twice',
      'must be at least 2, the value of min',
    ]);
    expect(await manager.read(before.id)).toEqual(before);
  });

  test.each<[string, object, string]>([
    ['a min above the max of the group', { min: 2 }, '#/optionGroups/0/min'],
    ['a min above its max', { min: 3, max: 2 }, '#/optionGroups/0/min'],
  ])('is rejected for %s', async (_, limits, pointer) => {
    const { id } = await options.group({ min: 0, max: 1 });
    const body = { name: newName(), basePrice: usd(1), optionGroups: [{ id, ...limits }] };
    expectFaults(await manager.ask('POST', '', body), [pointer]);
  });
});

describe('a change of the limits of a group', () => {
  test('is rejected if it conflicts with the limits of a product', async () => {
    const group = await options.group({ min: 0, max: 3 });
    const listed = (limits: object) => ({ optionGroups: [{ id: group.id, ...limits }] });
    const [strict, narrow] = [await manager.product(listed({ min: 3 })), await manager.product(listed({ max: 1 }))];
    const free = await manager.product(listed({ min: 2, max: 5 }));

    const refused = await options.ask('PATCH', `/${group.id}`, { min: 2, max: 2 });

    expectProblem(refused, 'invalid_request', {
      errors: expect.arrayContaining([
        { pointer: '#/max', detail: `must be at least 3, because ${strict.name} has this min` },
        { pointer: '#/min', detail: `must be at most 1, because ${narrow.name} has this max` },
      ]),
    });
    expect(refused.body.errors).toHaveLength(2);
    expect(await options.read(group.id)).toEqual(group);
    expect((await options.ask('PATCH', `/${group.id}`, { min: 1, max: 4 })).status).toBe(200);
    expect((await menuItem(free.id)).optionGroups).toMatchObject([{ min: 2, max: 5 }]);
  });

  test('and a concurrent change of a product leave valid limits', async () => {
    for (let round = 0; round < 20; round += 1) {
      const group = await options.group({ min: 0, max: 3 });
      const { id } = await manager.product({ optionGroups: [{ id: group.id }] });
      const answers = await Promise.all([
        options.ask('PATCH', `/${group.id}`, { max: 1 }),
        manager.ask('PATCH', `/${id}`, { optionGroups: [{ id: group.id, min: 2 }] }),
      ]);
      expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 400]);
      const { min, max } = (await menuItem(id)).optionGroups[0]!;
      expect(min).toBeLessThanOrEqual(max);
    }
  });
});

describe('a deleted option group', () => {
  test('is hidden until it is restored, and raises the product’s version', async () => {
    const [milk, extras] = [await options.group(), await options.group()];
    const optionGroups = [{ id: milk.id, min: 1 }, { id: extras.id }];
    const { id } = await manager.product({ optionGroups });
    const read = () => manager.ask('GET', `/${id}`, undefined, { 'if-none-match': '"1"' });
    expect((await read()).status).toBe(304);

    await options.ask('DELETE', `/${milk.id}`);

    expect(await read()).toMatchObject({ status: 200, body: { version: 2, optionGroups: [{ id: extras.id }] } });
    expect((await menuItem(id)).optionGroups).toMatchObject([{ id: extras.id }]);
    // Deleted groups are hidden with include=deleted, too, because a list with one of them would be rejected.
    expect((await manager.read(id)).optionGroups).toEqual([{ id: extras.id }]);
    const answer = await manager.ask('PATCH', `/${id}`, { position: 5 });
    expect(answer.body).toMatchObject({ version: 3, optionGroups: [{ id: extras.id }] });

    await options.ask('POST', `/${milk.id}/restore`);

    expect(await read()).toMatchObject({ status: 200, body: { version: 4, optionGroups } });
    expect((await menuItem(id)).optionGroups).toMatchObject([{ id: milk.id, min: 1 }, { id: extras.id }]);
  });

  test('does not return to a product whose list was replaced', async () => {
    const [milk, extras] = [await options.group(), await options.group()];
    const { id } = await manager.product({ optionGroups: [{ id: milk.id }] });
    await options.ask('DELETE', `/${milk.id}`);
    await manager.ask('PATCH', `/${id}`, { optionGroups: [{ id: extras.id }] });
    await options.ask('POST', `/${milk.id}/restore`);
    expect(await groupsOf(id)).toEqual([{ id: extras.id }]);
  });

  test('is not lost while products and groups change at the same time', async () => {
    const { id: groupId } = await options.group();
    const products = await Promise.all(
      Array.from({ length: 5 }, () => manager.product({ optionGroups: [{ id: groupId }] })),
    );
    const changes = products.flatMap(({ id }) => [
      manager.ask('PATCH', `/${id}`, { optionGroups: [] }),
      manager.ask('PATCH', `/${id}`, { position: 1 }),
    ]);
    const answers = await Promise.all([
      ...changes,
      options.ask('DELETE', `/${groupId}`),
      options.ask('PATCH', `/${groupId}`, { position: 2 }),
    ]);
    for (const { status } of answers) expect([200, 204, 404]).toContain(status);
    for (const { id } of products) expect((await manager.read(id)).optionGroups).toEqual([]);
  });
});
