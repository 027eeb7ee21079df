import { toFullLine } from '../../domain/order/full-order.ts';
import type { Line } from '../../domain/order/order.ts';
import { type Answer, openShop, retryWhileUnavailable, type Shop } from '../shop.ts';
import { usd } from '../usd.ts';
import { expectAddedUp, expectAllIntact } from './intact.ts';
import { runRounds } from './rounds.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, 60_000);
afterAll(() => shop.close());

/** One state of the catalog, and the interval in which it may have been visible. */
interface Edition {
  price: number;
  from: number;
  until: number;
}

const ask = (path: string, as: string, body: unknown) => shop.requestUntilKnown('POST', path, { as, body });

const nameOf = (price: number) => `Brew at ${price}`;

/** Changes a product's name and price repeatedly until the work ends. */
async function whileRepricing(productId: string, first: number, work: () => Promise<void>): Promise<Edition[]> {
  const editions: Edition[] = [{ price: first, from: 0, until: Number.POSITIVE_INFINITY }];
  let working = true;
  const done = work().finally(() => {
    working = false;
  });
  while (working) {
    const { price } = editions.at(-1)!;
    const next = { price: price + 1, from: performance.now(), until: Number.POSITIVE_INFINITY };
    editions.push(next);
    const body = { name: nameOf(next.price), basePrice: usd(next.price) };
    const reprice = () => shop.request('PATCH', `/v1/products/${productId}`, { as: shop.manager, body });
    // On a busy machine, one of the many statements may exceed its timeout.
    expect((await retryWhileUnavailable(reprice)).status).toBe(200);
    editions.at(-2)!.until = performance.now();
  }
  await done;
  return editions;
}

const VARIATION = 50;

async function newProduct(price: number): Promise<{ productId: string; variationId: string }> {
  const as = shop.manager;
  const created = await shop.request('POST', '/v1/products', {
    as,
    body: { name: nameOf(price), basePrice: usd(price) },
  });
  const productId = created.body.id;
  const { body } = await shop.request('POST', `/v1/products/${productId}/variations`, {
    as,
    body: { name: 'Iced', priceDelta: usd(VARIATION) },
  });
  return { productId, variationId: body.variations[0].id };
}

test('each of 200 orders has and keeps the prices of one moment while the catalog changes', async () => {
  const { productId, variationId } = await newProduct(10_000);
  const wanted = [
    { productId, quantity: 2 },
    { productId, variationId, quantity: 3 },
  ];
  const placed: { answer: Answer; from: number; until: number }[] = [];
  let refused = 0;

  const editions = await whileRepricing(productId, 10_000, async () => {
    await runRounds({ concurrency: 4, rounds: 200 }, async (round) => {
      const quoted = await shop.request('POST', '/v1/orders/quote', { as: shop.customer, body: { lines: wanted } });
      const expectedTotal = round % 2 ? quoted.body.total : undefined;
      const from = performance.now();
      const answer = await ask('/v1/orders', shop.customer, { lines: wanted, expectedTotal });
      const until = performance.now();
      if (answer.status === 409) {
        refused += 1;
        expect(answer.body).toMatchObject({ code: 'price_changed', total: { currency: 'USD' } });
        expect(answer.body.total).not.toEqual(expectedTotal);
        return;
      }
      expect(answer.status).toBe(201);
      if (expectedTotal) expect(answer.body.total).toEqual(expectedTotal);
      placed.push({ answer, from, until });
      const started = await ask(`/v1/orders/${answer.body.id}/status`, shop.manager, { status: 'preparation' });
      expect(started.body.lines).toEqual(answer.body.lines);
    });
  });

  expect(refused).toBeGreaterThan(0);
  for (const { answer, from, until } of placed) {
    const [plain, iced]: Line[] = answer.body.lines;
    const price = plain!.unitPrice.amount;
    const valid = editions.filter((edition) => edition.from < until && edition.until > from);
    expect(valid.map((edition) => edition.price)).toContain(price);
    expect(iced!.unitPrice).toEqual(usd(price + VARIATION));
    expect([plain!.product, iced!.product]).toEqual([nameOf(price), nameOf(price)]);
    expectAddedUp(answer.body);
  }
  expect(new Set(placed.map(({ answer }) => answer.body.total.amount)).size).toBeGreaterThan(1);

  await shop.request('DELETE', `/v1/products/${productId}`, { as: shop.manager });
  const ids = placed.map(({ answer }) => answer.body.id);
  const after = await expectAllIntact(shop, ids);
  for (const { answer } of placed) {
    const { lines, total } = after.get(answer.body.id)!;
    expect({ lines: lines.map(toFullLine), total }).toEqual({ lines: answer.body.lines, total: answer.body.total });
    const [placement] = (await startOf(answer.body.id)) as [{ lines: Line[] }];
    expect(placement.lines).toEqual(lines);
  }
}, 300_000);

/** Returns the arguments of an order's workflow. */
async function startOf(id: string): Promise<unknown[]> {
  const { events } = await shop.workflow(id).fetchHistory();
  const { payloads } = events![0]!.workflowExecutionStartedEventAttributes!.input!;
  return payloads!.map(({ data }) => JSON.parse(Buffer.from(data!).toString()));
}
