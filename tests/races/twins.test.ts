import { randomUUID } from 'node:crypto';
import { type Answer, openShop, type RequestOptions, type Shop } from '../shop.ts';
import { expectAllIntact, expectEmailedOnce } from './intact.ts';
import { race, runRounds } from './rounds.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, 60_000);
afterAll(() => shop.close());

/** Expects one answer to be the original and the others replays. If the original's outcome was unknown, all are replays. */
function expectOneAndReplays(answers: Answer[], status: number): Answer {
  for (const answer of answers) {
    expect({ status: answer.status, body: answer.body }).toEqual({ status, body: answers[0]!.body });
    expect(answer.headers.get('etag')).toBe(`"${answer.body.version}"`);
  }
  const replays = answers.filter(({ headers }) => headers.get('idempotency-replayed') === 'true');
  expect(replays.length).toBeGreaterThanOrEqual(answers.length - 1);
  alone += answers.length - replays.length;
  return answers[0]!;
}

/** The number of answers that were not replays. */
let alone = 0;
beforeEach(() => {
  alone = 0;
});

const times = (count: number, ask: () => Promise<Answer>) =>
  race<Answer[]>(...Array.from({ length: count }, () => ask));

test('twenty concurrent identical orders with one key create one order, 200 times', async () => {
  const body = { lines: [await shop.line('Latte', 'Vanilla', 2), await shop.line('Tea')], note: 'Hot' };
  const ids: string[] = [];

  await runRounds({ concurrency: 2, rounds: 200 }, async () => {
    const options = { body, headers: { 'idempotency-key': randomUUID() } };
    const answers = await times(20, () => shop.place(options));
    const { body: order } = expectOneAndReplays(answers, 201);
    for (const { headers } of answers) expect(headers.get('location')).toBe(`/v1/orders/${order.id}`);
    ids.push(order.id);
  });

  expect(alone).toBeGreaterThan(150);
  expect(new Set(ids).size).toBe(200);
  expect((await shop.database('orders').pluck('id')).toSorted()).toEqual(ids.toSorted());
  await expectAllIntact(shop, ids);
  await expectEmailedOnce(shop, ids);
}, 300_000);

test('twenty concurrent identical counter orders with one key create one order, 200 times', async () => {
  const lines = [await shop.line('Latte', 'Vanilla', 2), await shop.line('Tea')];
  const ids: string[] = [];

  await runRounds({ concurrency: 2, rounds: 200 }, async (round) => {
    const body = { lines, ...(round % 4 > 0 && { customerName: `Guest ${round}` }) };
    const as = round % 2 === 0 ? shop.barista : shop.manager;
    const options = { as, body, headers: { 'idempotency-key': randomUUID() } };
    const answers = await times(20, () => shop.place(options));
    const { body: order } = expectOneAndReplays(answers, 201);
    expect(order.customer).toEqual({ id: null, name: round % 4 > 0 ? `Guest ${round}` : null });
    ids.push(order.id);
  });

  expect(alone).toBeGreaterThan(150);
  expect(new Set(ids).size).toBe(200);
  const placed = shop.database('orders').whereNull('customer_id').pluck('id');
  expect((await placed).toSorted()).toEqual(ids.toSorted());
  expect((await shop.database('customer_names').pluck('order_id')).toSorted()).toEqual(ids.toSorted());
  await expectAllIntact(shop, ids);
  await expectEmailedOnce(shop, ids);
}, 300_000);

test('of counter orders with one key and different names, one is created with its name', async () => {
  const lines = [await shop.line('Tea')];

  await runRounds({ concurrency: 2, rounds: 100 }, async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const names = ['Ana', 'Bob', undefined, 'Ana', 'Bob', undefined];
    const answers = await race<Answer[]>(
      ...names.map((customerName) => () => shop.place({ as: shop.barista, body: { lines, customerName }, headers })),
    );
    const placed = answers.filter(({ status }) => status === 201);
    expect(new Set(placed.map(({ body }) => body.id)).size).toBe(1);
    const { id, customer } = placed[0]!.body;
    for (const [index, { status, body }] of answers.entries()) {
      const isSame = (names[index] ?? null) === customer.name;
      expect([status, isSame ? body.customer : body.code]).toEqual(
        isSame ? [201, customer] : [422, 'idempotency_key_reused'],
      );
    }
    expect((await shop.readOrder(id, shop.barista)).body.customer).toEqual(customer);
  });
}, 300_000);

test('six concurrent copies of a change with one key apply it once, 100 times', async () => {
  const orders = await Promise.all(Array.from({ length: 4 }, async () => (await shop.place()).body.id as string));
  const versions = new Map(orders.map((id) => [id, 1]));

  await runRounds({ concurrency: 4, rounds: 100 }, async (round, slot) => {
    const id = orders[slot]!;
    const version = versions.get(id)! + 1;
    versions.set(id, version);
    const headers = { 'idempotency-key': randomUUID() };
    const changes: [method: string, path: string, options: RequestOptions][] = [
      ['PATCH', '', { as: shop.customer, body: { note: `No ${round}`, lines: [await shop.line('Tea')] } }],
      ['POST', '/status', { as: shop.manager, body: { status: 'preparation' } }],
      ['POST', '/status', { as: shop.manager, body: { status: 'waiting' } }],
    ];
    const [method, path, options] = changes[(version - 2) % 3]!;

    const answers = await times(6, () =>
      shop.requestUntilKnown(method, `/v1/orders/${id}${path}`, { ...options, headers }),
    );

    expect(expectOneAndReplays(answers, 200).body.version).toBe(version);
  });

  await expectAllIntact(shop, orders);
  await expectEmailedOnce(shop, orders);
}, 300_000);
