import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench, Result } from '../figure.ts';
import { fillWithOrders, idOfOrder } from '../fill-with-orders.ts';
import { measureRates } from '../measure/pairs.ts';
import { openRawConnection } from '../raw-connection.ts';
import { rateRow, type Target } from '../rows.ts';

const ORDERS = 1_000;
const ROWS = 20;

interface Resource {
  title: string;
  path: string;
  baseline: string;
  /** With 8 connections, and with one. */
  targets?: readonly [Target, Target];
}

const why = 'log, metrics, CORS, security headers and access checks take most of the time of so small a response.';

const resources: Resource[] = [
  {
    title: '`GET /v1/catalog`',
    path: '/v1/catalog',
    baseline: 'Koa, same bytes',
    targets: [
      { least: 0.4, why },
      { least: 0.7, why },
    ],
  },
  {
    title: '`GET /v1/orders/{id}`',
    path: `/v1/orders/${idOfOrder(100)}`,
    baseline: 'Koa, one query',
    targets: [
      { least: 0.7, why },
      { least: 0.7, why },
    ],
  },
  { title: `\`GET /v1/orders\` with ${ROWS} rows`, path: `/v1/orders?limit=${ROWS}`, baseline: 'Koa, one query' },
];

/** Measures reads over HTTP, against a Koa process with the same bytes or the same query. */
export async function measureReading({ shop, count, duration, signal, log }: Bench): Promise<Result> {
  const databaseUrl = await shop.createDatabase('bench_reading');
  await fillWithOrders(databaseUrl, ORDERS, signal);
  const branch = await shop.openBranch('reading', { databaseUrl, worker: false });
  const CATALOG = join(shop.dataDir, 'catalog.json');
  writeFileSync(CATALOG, JSON.stringify(await branch.api.send('GET', '/v1/catalog')));
  const koa = await shop.startBaseline('koa.ts', { DATABASE_URL: databaseUrl, CATALOG });
  const as = await branch.manager();

  async function measure({ path }: Resource, clients: number) {
    const open = (url: string) =>
      Promise.all(Array.from({ length: clients }, () => openRawConnection(`${url}${path}`, { as })));
    const [below, above] = [await open(koa.url), await open(branch.url)];
    const pairs = await measureRates({
      pairs: count(10),
      // The rates of both sides rise for several seconds, until V8 has optimized their code.
      warmUp: count(10),
      clients,
      rampUp: duration(30),
      window: duration(300),
      baseline: { work: (client) => below[client]!.ask() },
      crema: { work: (client) => above[client]!.ask() },
      signal,
    });
    for (const wire of [...below, ...above]) wire.close();
    return pairs;
  }

  const rows = [];
  for (const [run, clients, how] of [
    [0, 8, '8 connections'],
    [1, 1, 'one connection'],
  ] as const) {
    for (const resource of resources) {
      log(`${resource.title.replaceAll('`', '')}, ${how} …`);
      const pairs = await measure(resource, clients);
      rows.push(rateRow(`${resource.title}, ${how}`, resource.baseline, pairs, resource.targets?.[run]));
    }
  }
  await branch.close();
  await koa.stop();
  return { rows };
}
