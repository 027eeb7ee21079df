import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { toCursor } from '../../api/http/paging.ts';
import { connect } from '../../db/connection.ts';
import { createOrderRepository, type OrderFilter } from '../../db/orders.ts';
import { workflowIdOf } from '../../workflows/messages/definitions.ts';
import { drawGrowth, type Point } from '../draw-growth.ts';
import type { Bench, Result } from '../figure.ts';
import { fillWithOrders, idOfOrder, NEWEST, placedAtOfOrder, REGULAR } from '../fill-with-orders.ts';
import { measurePairs, type Pairs, timed } from '../measure/pairs.ts';
import { median, quantile } from '../measure/statistics.ts';
import { takeTurns } from '../measure/turns.ts';
import { waitUntilIdle } from '../measure/wait-until-idle.ts';
import { latencies, number, ratioText, spreadText, timeRow } from '../rows.ts';
import type { Branch } from '../shop.ts';

/** A request for one page. Pages of long and short lists have the same size, so only finding the orders can take longer. */
interface Page extends Partial<OrderFilter> {
  title: string;
  as?: 'customer';
}

const minutesAgo = (minutes: number) => new Date(NEWEST.getTime() - minutes * 60_000).toISOString();

const pages: Page[] = [
  { title: 'all' },
  { title: 'all, the oldest first', sort: 'placedAt' },
  { title: 'one common status, by the last change', status: ['delivered'], sort: '-updatedAt' },
  { title: 'all, in the middle', after: [placedAtOfOrder(500), idOfOrder(500)] },
  { title: 'one common status', status: ['delivered'] },
  { title: 'one rare status', status: ['waiting'] },
  { title: 'all open statuses', status: ['waiting', 'preparation', 'ready'] },
  { title: 'both final statuses', status: ['delivered', 'cancelled'] },
  { title: 'a rare and a common status', status: ['waiting', 'delivered'] },
  {
    title: 'a status, between two dates',
    status: ['cancelled'],
    placedFrom: minutesAgo(700),
    placedTo: minutesAgo(100),
  },
  { title: 'two statuses, before a date', status: ['waiting', 'preparation'], placedTo: minutesAgo(60) },
  { title: 'a number', number: 42, limit: 1 },
  { title: 'a number, waiting', number: 3, status: ['waiting'] },
  { title: 'a number, waiting: none', number: 42, status: ['waiting'] },
  { title: 'a customer', customerId: REGULAR },
  { title: 'a customer’s open orders', customerId: REGULAR, status: ['waiting', 'preparation', 'ready'] },
  { title: 'a customer’s cancelled orders: none', customerId: REGULAR, status: ['cancelled'] },
  { title: 'a customer’s number', customerId: REGULAR, number: 500, limit: 1 },
  { title: 'the customer’s own orders', as: 'customer' },
];

/** The number of orders in the shortest list. */
const FEW = 1_000;

/** Measures pages of `GET /v1/orders`, and placing, among few and among many orders. */
export async function measureLists(bench: Bench): Promise<Result> {
  const { orders: many, count, signal, log } = bench;
  const sizes = [...new Set([FEW, 10_000, 100_000, 1_000_000, many])]
    .filter((size) => size <= many)
    .sort((one, other) => one - other);
  const lists: List[] = [];
  for (const size of sizes) lists.push(await openList(bench, size));
  const [smallest, largest] = [lists[0]!, lists.at(-1)!];

  log(`Listing among ${number(many)} orders …`);
  const pairsOf: Compared[] = [];
  const compare = (page: Page) => {
    const get = (list: List) => async () => [await timed(() => list.get(page))];
    const options = { pairs: count(100), warmUp: count(10), signal };
    return measurePairs({ baseline: get(smallest), crema: get(largest), ...options });
  };
  for (const page of pages) {
    pairsOf.push({ page, pairs: await compare(page), plan: await planOf(largest.branch.databaseUrl, page) });
  }
  const slowest = pairsOf.reduce((one, other) => (median(other.pairs.ratios) > median(one.pairs.ratios) ? other : one));
  // The slowest of many similar pages may be slow by chance, so it is measured again.
  const again = await compare(slowest.page);
  const rounds = { rounds: count(40), warmUp: count(5), signal };
  const first = lists.map((list) => () => timed(() => list.get({ title: '' })));
  const listing = await takeTurns(first, rounds);
  log('Placing among them …');
  const placing = await takeTurns(
    lists.map((list) => () => placeAmong(bench, list)),
    rounds,
  );
  for (const { branch } of lists) await branch.close();

  const among = `among ${number(many)}`;
  const baseline = `the same among ${number(FEW)}`;
  const [all] = pairsOf as [(typeof pairsOf)[0]];
  const ofSize = (turns: number[][], index: number) => turns.map((times) => times[index]!);
  const grown = {
    baseline: ofSize(placing, 0),
    crema: ofSize(placing, sizes.length - 1),
    ratios: placing.map((times) => times.at(-1)! / times[0]!),
  };
  return {
    summary: `**Growth**: the order list takes ${median(all.pairs.crema).toFixed(1)} ms ${among} orders, ${median(all.pairs.baseline).toFixed(1)} ms among ${number(FEW)}.`,
    rows: [
      timeRow(`a page of \`GET /v1/orders\` ${among}`, baseline, all.pairs, { most: 1.3 }),
      timeRow(`the slowest of ${pages.length} pages, measured again: ${slowest.page.title}`, baseline, again, {
        most: 1.3,
      }),
      timeRow(`place ${among}`, baseline, grown),
    ],
    details: [tableOf(pairsOf, many)],
    plans: pairsOf.map(({ page: { title }, plan }) => `### Plan ${among}: ${title}\n\n\`\`\`\n${plan}\n\`\`\``),
    pictures: {
      'benchmarks-growth.svg': drawGrowth([
        { title: 'GET /v1/orders, the first page', points: pointsOf(sizes, listing) },
        { title: 'POST /v1/orders, at rest', points: pointsOf(sizes, placing) },
      ]),
    },
  };
}

const pointsOf = (sizes: number[], turns: number[][]): Point[] =>
  sizes.map((orders, index) => {
    const times = turns.map((round) => round[index]!);
    return { orders, low: quantile(times, 0.1), median: median(times), high: quantile(times, 0.9) };
  });

const tableOf = (pages: Compared[], many: number): string =>
  [
    '## Lists',
    '',
    `A page of \`GET /v1/orders\` among ${number(many)} orders against the same page among ${number(FEW)}.`,
    '',
    `| page | ratio | p10–p90 | among ${number(FEW)} | among ${number(many)} |`,
    '|---|---|---|---|---|',
    ...pages.map(
      ({ page: { title }, pairs: { ratios, baseline, crema } }) =>
        `| ${[title, ratioText(ratios), spreadText(ratios), latencies(baseline), latencies(crema)].join(' | ')} |`,
    ),
  ].join('\n');

/** The times of a page among few and among many orders, and the plan of its query. */
interface Compared {
  page: Page;
  pairs: Pairs;
  plan: string;
}

interface List {
  branch: Branch;
  get(page: Page): Promise<unknown>;
}

async function openList({ shop, signal, log }: Bench, orders: number): Promise<List> {
  log(`Inserting ${number(orders)} orders …`);
  const databaseUrl = await shop.createDatabase(`bench_${orders}`);
  await fillWithOrders(databaseUrl, orders, signal);
  const branch = await shop.openBranch(`list-${orders}`, { databaseUrl, worker: true });
  return {
    branch,
    get: async (page) => branch.api.send('GET', pathOf(page), { as: await branch[page.as ?? 'manager']() }),
  };
}

/** Returns how long placing an order takes, in ms. Afterwards, waits until all work for the order is finished. */
async function placeAmong({ shop: { temporal }, basket, signal }: Bench, { branch }: List): Promise<number> {
  const as = await branch.customer();
  let placed = { id: '' };
  const time = await timed(async () => {
    placed = await branch.api.send('POST', '/v1/orders', { as, body: basket, key: randomUUID() });
  });
  await waitUntilIdle(temporal.workflow.getHandle(workflowIdOf(placed.id)), signal);
  return time;
}

function pathOf({ title: _, as: __, status = [], after, ...page }: Page): string {
  const query = new URLSearchParams(
    Object.entries(page).map(([name, value]): [string, string] => [name, String(value)]),
  );
  for (const one of status) query.append('status', one);
  if (after) query.set('cursor', toCursor(after));
  return `/v1/orders?${query}`;
}

/** Returns Postgres' plan for the statement that the API sends for a page. */
async function planOf(databaseUrl: string, { title: _, as, ...page }: Page): Promise<string> {
  const database = connect(databaseUrl, { max: 1, name: 'crema-bench' });
  const client = new pg.Client(databaseUrl);
  try {
    const sent: { sql: string; bindings: unknown[] }[] = [];
    database.on('query', (query) => sent.push(query));
    const { list } = createOrderRepository(database);
    const limit = (page.limit ?? 20) + 1;
    await list({ sort: '-placedAt', ...page, ...(as && { customerId: REGULAR }), limit });
    const [query] = sent;
    if (!query) throw new Error('No query was sent to Postgres.');
    await client.connect();
    const { rows } = await client.query(`EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) ${query.sql}`, query.bindings);
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  } finally {
    await client.end();
    await database.destroy();
  }
}
