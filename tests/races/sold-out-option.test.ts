import { randomUUID } from 'node:crypto';
import { catalogOf, type GroupOnSale, optionNamesOf } from '../orders/options-on-sale.ts';
import { type Answer, openShop, retryWhileUnavailable, type Shop } from '../shop.ts';
import { usd } from '../usd.ts';
import { expectAllIntact } from './intact.ts';
import { runRounds } from './rounds.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, 60_000);
afterAll(() => shop.close());

const catalog = catalogOf(() => shop);

/** Whether the option was available, and the interval in which this may have been visible. */
interface Period {
  available: boolean;
  from: number;
  until: number;
}

/** Marks an option as sold out and as available, repeatedly, until the work ends. */
async function whileSellingOut(group: GroupOnSale, option: string, work: () => Promise<void>): Promise<Period[]> {
  const periods: Period[] = [{ available: true, from: 0, until: Number.POSITIVE_INFINITY }];
  let working = true;
  const done = work().finally(() => {
    working = false;
  });
  const path = `/v1/option-groups/${group.id}/options/${group.ids[option]}`;
  while (working) {
    const next = { available: !periods.at(-1)!.available, from: performance.now(), until: Number.POSITIVE_INFINITY };
    periods.push(next);
    const change = () => shop.request('PATCH', path, { as: shop.manager, body: { available: next.available } });
    // On a busy machine, one of the many statements may exceed its timeout.
    expect((await retryWhileUnavailable(change)).status).toBe(200);
    periods.at(-2)!.until = performance.now();
  }
  await done;
  return periods;
}

test('each of 300 orders has the option that is being sold out, or is refused', async () => {
  const group = await catalog.group('Milk of the day', { min: 0, max: 2 }, { Almond: 70, Rice: 40 });
  const productId = await catalog.product('Cortado', 350, [group]);
  const options = ['Rice', 'Almond'].map((name) => ({ optionId: group.ids[name] }));
  const line = { productId, quantity: 2, options, note: 'Hot' };
  const rounds: { answer: Answer; key: string; from: number; until: number }[] = [];

  const periods = await whileSellingOut(group, 'Almond', () =>
    runRounds({ concurrency: 4, rounds: 300 }, async () => {
      const key = randomUUID();
      const from = performance.now();
      const headers = { 'idempotency-key': key };
      const answer = await shop.place({ body: { lines: [line, { productId, quantity: 1 }] }, headers });
      rounds.push({ answer, key, from, until: performance.now() });
    }),
  );

  for (const { answer, from, until } of rounds) {
    const possible = periods.filter((period) => period.from < until && period.until > from);
    expect(possible.map(({ available }) => available)).toContain(answer.status === 201);
    if (answer.status === 201) {
      const [ordered, plain] = answer.body.lines;
      expect(optionNamesOf(ordered, 350)).toEqual(['Rice', 'Almond']);
      expect(optionNamesOf(plain, 350)).toEqual([]);
      expect(answer.body.total).toEqual(usd(2 * 460 + 350));
    } else {
      expect(answer.body).toMatchObject({
        code: 'options_invalid',
        errors: [{ pointer: '#/lines/0/options/1', detail: 'is not available' }],
      });
    }
  }
  const placed = rounds.filter(({ answer }) => answer.status === 201).map(({ answer }) => answer.body);
  expect(placed.length).toBeGreaterThan(0);
  expect(placed.length).toBeLessThan(rounds.length);

  // A refused request left no order behind: only the placed ones exist.
  const recorded = await shop.database('orders').pluck('id');
  const intact = await expectAllIntact(
    shop,
    placed.map(({ id }) => id),
  );
  expect(recorded.toSorted()).toEqual([...intact.keys()].toSorted());
  for (const { id, lines, total } of placed) {
    expect(intact.get(id)?.total).toEqual(total);
    expect(intact.get(id)?.lines.map(({ unitPrice, options = [] }) => ({ unitPrice, options }))).toEqual(
      lines.map(({ unitPrice, options }: (typeof lines)[number]) => ({ unitPrice, options })),
    );
  }
}, 300_000);
