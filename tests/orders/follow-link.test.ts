import { createFollowLinks } from '../../mail/follow-links.ts';
import { newCustomer } from '../http/people.ts';
import { expectProblem } from '../http/problem.ts';
import { newKey } from '../security/payload-keys.ts';
import { openShop, type Shop } from '../shop.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ environment: { PUBLIC_URL: 'http://shop.example' } });
}, 60_000);
afterAll(() => shop?.close());

const linkOf = (id: string, as: string) => shop.request('GET', `/v1/orders/${id}/follow-link`, { as });

test('the owner and the staff get the same link to an order', async () => {
  const { id } = (await shop.place()).body;
  const links = await Promise.all(
    [shop.customer, shop.barista, shop.manager].map((as) => linkOf(id.toUpperCase(), as)),
  );
  for (const { status, headers, body } of links) {
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(body).toEqual({ url: createFollowLinks('http://shop.example', []).linkTo(id) });
  }
  expect(links[0]!.body.url).toMatch(new RegExp(`^http://shop\\.example/orders/${id}/follow#[\\w-]{43}$`));
});

test('customers get no link to orders of others, and staff get one to counter orders', async () => {
  const { id } = (await shop.place({ as: shop.barista, body: { lines: [await shop.line('Tea')] } })).body;
  expect((await linkOf(id, shop.barista)).status).toBe(200);
  expectProblem(await linkOf(id, shop.customer), 'not_found');
  const other = (await shop.place()).body.id;
  expectProblem(await linkOf(other, (await newCustomer(shop)).token), 'not_found');
});

describe('a follow link', () => {
  const id = '0193a7e2-6f0c-7c4b-9d58-2b1f4c6e8a10';
  const [old, current] = [newKey('old'), newKey('current')];
  const tokenWith = (...keys: ReturnType<typeof newKey>[]) =>
    createFollowLinks('http://shop.example', keys).linkTo(id).split('#')[1]!;

  test('is signed with the first payload key, and valid with any', () => {
    const rotated = createFollowLinks('http://shop.example', [current, old]);
    expect(tokenWith(current, old)).toBe(tokenWith(current));
    expect(tokenWith(old)).not.toBe(tokenWith(current));
    for (const key of [old, current]) expect(rotated.isValid(id, tokenWith(key))).toBe(true);
  });

  test('is invalid once its key is removed', () => {
    const links = createFollowLinks('http://shop.example', [current]);
    expect([links.isValid(id, tokenWith(old)), links.isValid(id, tokenWith())]).toEqual([false, false]);
  });
});
