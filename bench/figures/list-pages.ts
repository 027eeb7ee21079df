import pg from 'pg';
import { toOrderCursor } from '../../api/orders/cursor.ts';
import { connect } from '../../db/connection.ts';
import { createOrderRepository, type OrderFilter } from '../../db/orders.ts';
import type { HttpClient } from '../http-client.ts';
import { fillWithOrders, idOfOrder, NEWEST, placedAtOfOrder, REGULAR } from '../many-orders.ts';
import { measurePairs, type Pairs, timed } from '../pairs.ts';
import type { Shop } from '../shop.ts';

/** A page of the list at the smaller (`floor`) and the larger (`crema`) number of orders. */
export interface ListPage {
  title: string;
  pairs: Pairs;
  /** How Postgres finds the page among the larger number: `EXPLAIN (ANALYZE, BUFFERS)`. */
  plan: string;
}

/** One page that is asked for, with as many orders on it however many there are, so that only finding them can cost more. */
interface Page extends Partial<OrderFilter> {
  title: string;
  as?: 'customer';
}

const minutesAgo = (minutes: number) => new Date(NEWEST.getTime() - minutes * 60_000).toISOString();

const pages: Page[] = [
  { title: 'all' },
  { title: 'all, the oldest first', sort: 'placedAt' },
  { title: 'all, in the middle of them', after: { placedAt: placedAtOfOrder(500), id: idOfOrder(500) } },
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
  { title: 'a number that waits', number: 3, status: ['waiting'] },
  { title: 'a number that does not wait', number: 42, status: ['waiting'] },
  { title: 'a customer', customerId: REGULAR },
  { title: 'a customer’s open orders', customerId: REGULAR, status: ['waiting', 'preparation', 'ready'] },
  { title: 'a customer’s cancelled orders: none', customerId: REGULAR, status: ['cancelled'] },
  { title: 'a customer’s number', customerId: REGULAR, number: 500, limit: 1 },
  { title: 'one’s own', as: 'customer' },
];

/** How many orders a page of the larger list is compared with. */
export const FEW = 1_000;

/** Pages of `GET /v1/orders` among many orders against the same among {@link FEW}. */
export async function measureListPages(shop: Shop, { many, pairs, warmUp, signal, log }: Options): Promise<ListPage[]> {
  const smaller = await openList(shop, 'few', FEW, signal);
  log(`Inserting ${many.toLocaleString('en')} orders …`);
  const larger = await openList(shop, 'many', many, signal);
  const measured: ListPage[] = [];
  for (const page of pages) {
    const get = async (list: List) => [await timed(() => list.get(page))];
    const both = await measurePairs({
      pairs,
      warmUp,
      floor: () => get(smaller),
      crema: () => get(larger),
      signal,
    });
    measured.push({ title: page.title, pairs: both, plan: await planOf(larger.databaseUrl, page) });
  }
  return measured;
}

interface Options {
  many: number;
  pairs: number;
  warmUp: number;
  signal: AbortSignal;
  log: (line: string) => void;
}

interface List {
  databaseUrl: string;
  get(page: Page): Promise<unknown>;
}

async function openList(shop: Shop, name: string, orders: number, signal: AbortSignal): Promise<List> {
  const databaseUrl = await shop.createDatabase(`bench_${name}`);
  await fillWithOrders(databaseUrl, orders, signal);
  const api: HttpClient = await shop.openApi(`api-${name}`, databaseUrl);
  const tokens = {
    customer: await api.signIn('customer@example.com'),
    manager: await api.signIn('manager@example.com'),
  };
  return { databaseUrl, get: (page) => api.send('GET', pathOf(page), { as: tokens[page.as ?? 'manager'] }) };
}

function pathOf({ title: _, as: __, status = [], after, ...page }: Page): string {
  const query = new URLSearchParams(
    Object.entries(page).map(([name, value]): [string, string] => [name, String(value)]),
  );
  for (const one of status) query.append('status', one);
  if (after) query.set('cursor', toOrderCursor(after));
  return `/v1/orders?${query}`;
}

/** Asks Postgres how it runs the very statement that the API sends for a page. */
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
    if (!query) throw new Error('The list was not asked of Postgres.');
    await client.connect();
    const { rows } = await client.query(`EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) ${query.sql}`, query.bindings);
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  } finally {
    await client.end();
    await database.destroy();
  }
}
