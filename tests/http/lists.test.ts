import { randomUUID } from 'node:crypto';
import { createJournal } from '../../db/journal.ts';
import { createOrderRepository } from '../../db/orders.ts';
import { placeOrder } from '../../domain/order/decider.ts';
import type { Fact, Placement } from '../../domain/order/order.ts';
import type { Status } from '../../domain/order/transitions.ts';
import { aPlacement, moveOf } from '../domain/an-order.ts';
import { everyStatus, wayTo } from '../domain/status-table.ts';
import { openShop, type Shop } from '../shop.ts';
import { newCustomer, type Person } from './people.ts';
import { expectProblem } from './problem.ts';

let shop: Shop;
let alice: Person;
let bob: Person;
beforeAll(async () => {
  shop = await openShop({ worker: false });
  [alice, bob] = [await newCustomer(shop, 'Alice'), await newCustomer(shop, 'Bob')];
  for (const { owner, ...order } of planned) await journalOrder({ ...order, customer: owner === 'Bob' ? bob : alice });
}, 60_000);
afterAll(() => shop.close());

/** Thirty orders: five in each minute, one of them in each status. Orders of the same minute are sorted by id. */
const planned = Array.from({ length: 30 }, (_, index) => ({
  id: randomUUID(),
  owner: index % 3 === 0 ? 'Bob' : 'Alice',
  number: index + 1,
  status: everyStatus[index % 5] as Status,
  placedAt: `2026-11-22T09:${String(Math.floor(index / 5)).padStart(2, '0')}:00.000Z`,
}));
type Planned = (typeof planned)[number];

const alices = planned.filter(({ owner }) => owner === 'Alice');
const bobs = planned.filter(({ owner }) => owner === 'Bob');

/** Sorts orders: newest first, then by descending id. */
const newestFirst = (orders: Planned[]) =>
  orders
    .map(({ placedAt, id }) => `${placedAt} ${id}`)
    .sort((one, other) => (one < other ? 1 : -1))
    .map((key) => key.slice(25));

/** Journals an order as its workflow does, at a given time and status. */
async function journalOrder({
  status,
  customer,
  ...placement
}: Partial<Placement> & { status: Status; customer: Person }) {
  const journal = createJournal(shop.database);
  let fact: Fact = placeOrder(aPlacement({ ...placement, customer: { id: customer.id } }));
  await journal.record(fact);
  for (const to of wayTo[status]) {
    fact = moveOf(fact.order, to, fact.order.placedAt);
    await journal.record(fact);
  }
}

const list = (query = '', as = shop.manager) => shop.request('GET', `/v1/orders${query}`, { as });
const idsIn = ({ body }: { body: { data: { id: string }[] } }) => body.data.map(({ id }) => id);

/** Returns the ids on each page, from the first page or a cursor to the last page. */
async function readPages(query: string, as = shop.manager, after?: string): Promise<string[][]> {
  const page = await list(`?${query}${after ? `&cursor=${after}` : ''}`, as);
  expect(page.status).toBe(200);
  const { nextCursor } = page.body;
  return [idsIn(page), ...(nextCursor === null ? [] : await readPages(query, as, nextCursor))];
}

describe('A list of orders', () => {
  test('has the newest orders first, 20 a page, each as a single read returns it', async () => {
    const page = await list();
    expect(idsIn(page)).toEqual(newestFirst(planned).slice(0, 20));
    expect(page.body).toEqual({ data: expect.any(Array), nextCursor: expect.stringMatching(/^[\w-]+$/) });
    const [first] = page.body.data;
    expect(await shop.readOrder(first.id, shop.manager)).toMatchObject({
      status: 200,
      body: first,
    });
  });

  test.each<[string, (order: Planned) => boolean]>([
    ['status=waiting', ({ status }) => status === 'waiting'],
    ['status=ready&status=cancelled', ({ status }) => ['ready', 'cancelled'].includes(status)],
    ['status=ready&status=ready', ({ status }) => status === 'ready'],
    ['number=7', ({ number }) => number === 7],
    ['number=999', () => false],
    ['placedFrom=2026-11-22T09:02:00Z', ({ placedAt }) => placedAt >= '2026-11-22T09:02'],
    ['placedTo=2026-11-22T09:02:00Z', ({ placedAt }) => placedAt < '2026-11-22T09:02'],
    [
      'placedFrom=2026-11-22T11:01:00%2B02:00&placedTo=2026-11-22T09:03:00Z',
      ({ placedAt }) => /0[12]:00\./.test(placedAt),
    ],
    [
      'placedFrom=2026-11-22T09:02:00.001Z&placedTo=2026-11-22T09:03:00.001Z',
      ({ placedAt }) => /03:00\./.test(placedAt),
    ],
    ['placedFrom=2026-11-23T00:00:00Z&placedTo=2026-11-22T00:00:00Z', () => false],
    ['status=waiting&number=1&placedTo=2026-11-22T09:01:00Z', ({ number }) => number === 1],
  ])('?%s returns exactly the matching items', async (query, fits) => {
    const page = await list(`?limit=100&${query}`);
    expect(page.body.nextCursor).toBeNull();
    expect(idsIn(page)).toEqual(newestFirst(planned.filter(fits)));
  });

  test('can be filtered by customer', async () => {
    expect(idsIn(await list(`?limit=100&customerId=${bob.id}`))).toEqual(newestFirst(bobs));
    expect(idsIn(await list(`?limit=100&customerId=${bob.id.toUpperCase()}`))).toEqual(newestFirst(bobs));
    expect(idsIn(await list(`?customerId=${randomUUID()}`))).toEqual([]);
  });

  test('shows a customer their own orders with the transitions that they may make', async () => {
    const page = await list('?limit=100', alice.token);
    expect(idsIn(page)).toEqual(newestFirst(alices));
    expect(new Set(page.body.data.map(({ customer }: { customer: { name: string } }) => customer.name))).toEqual(
      new Set(['Alice']),
    );
    for (const { status, allowedTransitions } of page.body.data) {
      expect(allowedTransitions).toEqual(['waiting', 'preparation'].includes(status) ? ['cancelled'] : []);
    }
    expect(idsIn(await list('?limit=100&status=ready', alice.token))).toEqual(
      newestFirst(alices.filter(({ status }) => status === 'ready')),
    );
  });

  test('rejects customerId from a customer, even their own', async () => {
    for (const { id } of [alice, bob]) expectProblem(await list(`?customerId=${id}`, alice.token), 'forbidden');
  });

  test('requires authentication', async () => {
    expectProblem(await shop.request('GET', '/v1/orders'), 'unauthenticated');
  });
});

describe('The pages of a list', () => {
  const ways = ['-placedAt', 'placedAt'].flatMap((sort) => [1, 3, 5, 7, 29, 30, 31].map((limit) => ({ sort, limit })));

  test.each(ways)('contain every order once, by $sort with the limit $limit', async ({ sort, limit }) => {
    const read = await readPages(`sort=${sort}&limit=${limit}`);
    const all = newestFirst(planned);
    expect(read.flat()).toEqual(sort === 'placedAt' ? all.toReversed() : all);
    expect(read).toHaveLength(Math.ceil(30 / limit));
  });

  test('all apply the filter', async () => {
    const read = await readPages('status=waiting&status=ready&limit=2', alice.token);
    const theirs = alices.filter(({ status }) => ['waiting', 'ready'].includes(status));
    expect(read.flat()).toEqual(newestFirst(theirs));
  });

  test('show a customer only their own orders, even with a cursor of the shop', async () => {
    const { body } = await list('?limit=5');
    const page = await list(`?limit=100&cursor=${body.nextCursor}`, alice.token);
    expect(page.body.data.length).toBeGreaterThan(0);
    const own = newestFirst(alices);
    expect(idsIn(page).every((id) => own.includes(id))).toBe(true);
  });

  // Last: adds an order to the thirty.
  test('do not shift when an order is placed meanwhile', async () => {
    const first = await list('?limit=10');
    await journalOrder({ id: randomUUID(), placedAt: '2026-11-22T10:00:00.000Z', status: 'waiting', customer: bob });
    const rest = await readPages('limit=10', shop.manager, first.body.nextCursor);
    expect([idsIn(first), ...rest].flat()).toEqual(newestFirst(planned));
  });
});

describe('An order', () => {
  const [theirs] = bobs as [Planned];

  test.each(['', '/timeline'])('is not found by another customer: %s', async (path) => {
    const secret = await shop.request('GET', `/v1/orders/${theirs.id}${path}`, { as: alice.token });
    expectProblem(secret, 'not_found');
    const nothing = await shop.request('GET', `/v1/orders/${randomUUID()}${path}`, { as: alice.token });
    expectProblem(nothing, 'not_found');
    expect({ ...secret.body, instance: '' }).toEqual({ ...nothing.body, instance: '' });
    expectProblem(await shop.request('GET', `/v1/orders/${theirs.id}${path}`), 'unauthenticated');
  });

  test('is visible to its owner and the shop, with its version as ETag', async () => {
    for (const as of [bob.token, shop.manager]) {
      const { status, headers, body } = await shop.readOrder(theirs.id, as);
      expect(status).toBe(200);
      expect(headers.get('etag')).toBe(`"${body.version}"`);
      expect(body).toMatchObject({ id: theirs.id, customer: { id: bob.id, name: 'Bob' } });
    }
  });

  test('has no name after its customer was erased', async () => {
    const carol = await newCustomer(shop, 'Carol');
    const id = randomUUID();
    await journalOrder({ id, placedAt: '2026-11-21T10:00:00.000Z', status: 'delivered', customer: carol });
    await shop.database('users').where({ id: carol.id }).delete();
    const { body } = await shop.readOrder(id, shop.manager);
    expect(body).toMatchObject({ id, customer: { id: carol.id, name: null } });
  });
});

describe('A list by the last change', () => {
  test('has the latest changes first, on every page', async () => {
    const journal = createJournal(shop.database);
    const early = planned.filter(({ status }) => status === 'waiting').slice(0, 3);
    for (const [index, { id }] of early.entries()) {
      const { order } = (await createOrderRepository(shop.database).find(id))!;
      await journal.record(moveOf(order, 'preparation', `2026-11-29T10:0${index}:00.000Z`));
    }
    const pages = await readPages('sort=-updatedAt&limit=2');
    expect(pages.flat().slice(0, 3)).toEqual(early.map(({ id }) => id).toReversed());
    expect(pages.flat().toSorted()).toEqual((await readPages('limit=100')).flat().toSorted());
    expect((await readPages('sort=-updatedAt&status=preparation&limit=4')).flat().slice(0, 3)).toEqual(
      early.map(({ id }) => id).toReversed(),
    );
  });
});
