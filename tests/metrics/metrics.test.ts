import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { leasePorts } from '../../stack/ports.ts';
import { startApi } from '../../stack/programs.ts';
import { waitFor } from '../../stack/wait.ts';
import { createHealthServer, type MetricsPage } from '../../worker/health-server.ts';
import { smtpError } from '../email/mail-servers.ts';
import { makeDataFolder } from '../evidence/keep-on-failure.ts';
import { expectProblem } from '../http/problem.ts';
import { send } from '../http/wire.ts';
import { openShop, type Shop } from '../shop.ts';
import { follow } from '../streams/event-stream.ts';
import { webhooksOf } from '../webhooks/manager.ts';
import { startReceiver } from '../webhooks/receiver.ts';
import { readMetrics, type Series, seriesKey, sumOf } from './exposition.ts';

const DURATIONS = 'http_request_duration_seconds_count';
const TIMEOUT = { deadline: 20_000 };

let shop: Shop;
let toShop = 0;
beforeAll(async () => {
  const [port] = await leasePorts(1);
  shop = await openShop({
    environment: { TEMPORAL_METRICS_PORT: String(port), WEBHOOK_RETRY_AFTER: '1' },
    smtp: {
      onRcptTo({ address }, _session, done) {
        if (address === 'customer@example.com') done(smtpError(550, 'nobody here'));
        else done(toShop++ === 0 ? smtpError(451, 'come back later') : null);
      },
    },
  });
}, 60_000);
afterAll(() => shop?.close(), 60_000);

const metricsOf = async (url: string): Promise<Series[]> => readMetrics(await (await fetch(`${url}/metrics`)).text());
const apiMetrics = () => metricsOf(shop.api.url);
const workerMetrics = () => metricsOf(shop.worker!.url);
const allMetrics = async () => [...(await apiMetrics()), ...(await workerMetrics())];

/** Waits until a number has grown by exactly this much. */
async function waitForGrowth(by: number, since: number, read: () => Promise<number>): Promise<void> {
  await waitFor(`${by} more than ${since}`, async () => (await read()) >= since + by, TIMEOUT);
  expect(await read()).toBe(since + by);
}

test.each(['api', 'worker'] as const)('GET /health/live of the %s states the version of package.json', async (name) => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  const health = await (await fetch(`${shop[name]!.url}/health/live`)).json();
  expect(health).toMatchObject({ status: 'up', name: `crema-${name}`, version });
});

describe('GET /metrics', () => {
  test.each(['api', 'worker'] as const)('describes the process of the %s and is not cached', async (name) => {
    const answer = await fetch(`${shop[name]!.url}/metrics`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('no-store');

    const text = await answer.text();
    const series = readMetrics(text);

    for (const known of ['nodejs_eventloop_lag_p99_seconds gauge', 'nodejs_gc_duration_seconds histogram']) {
      expect(text).toContain(`# TYPE ${known}\n`);
    }
    expect(sumOf(series, 'process_resident_memory_bytes')).toBeGreaterThan(10_000_000);
    expect(sumOf(series, 'crema_postgres_connections')).toBeGreaterThan(0);
    expect(sumOf(series, 'crema_postgres_connections_max')).toBe(10);
    expect(sumOf(series, 'crema_postgres_waiting')).toBe(0);
  });

  test('of the worker includes the metrics of Temporal’s SDK', async () => {
    const series = await workerMetrics();
    const slots = { task_queue: shop.environment.TEMPORAL_TASK_QUEUE!, worker_type: 'ActivityWorker' };
    expect(sumOf(series, 'temporal_worker_task_slots_available', slots)).toBeGreaterThan(0);
  });

  test('allows GET and HEAD only', async () => {
    const head = await shop.request('HEAD', '/metrics');
    expect([head.status, head.body]).toEqual([200, '']);
    const post = await shop.request('POST', '/metrics');
    expectProblem(post, 'method_not_allowed');
    expect(post.headers.get('allow')).toBe('GET, HEAD');
    expect((await shop.request('GET', '/metrics/more')).status).toBe(404);
  });
});

describe('metrics of requests', () => {
  const order = randomUUID();
  const form = { username: 'customer@example.com', password: 'test', grant_type: 'password', client_id: 'crema' };

  test.each([
    ['a route by its template', 'GET', `/v1/orders/${order}`, '/v1/orders/{id}', 401],
    ['a longer route', 'GET', `/v1/orders/${order}/timeline?x=1`, '/v1/orders/{id}/timeline', 401],
    ['one of two matching routes', 'POST', '/v1/orders/quote', '/v1/orders/quote', 401],
    ['a successful request', 'GET', '/v1/catalog', '/v1/catalog', 200],
    ['a method that the route does not support', 'DELETE', `/v1/orders/${order}`, '/v1/orders/{id}', 405],
    ['an unknown method', 'PROPFIND', '/v1/catalog', '/v1/catalog', 405],
    ['the OAuth2 server', 'POST', '/oauth/token', '/oauth/token', 400],
    ['a page of the OAuth2 server', 'GET', `/oauth/sign-in/${order}`, '/oauth/sign-in', 400],
    ['the docs', 'GET', '/docs', '/docs', 200],
    ...['openapi', 'asyncapi'].flatMap((name) =>
      ['json', 'yaml'].map((form): [string, string, string, string, number] => {
        const path = `/${name}.${form}`;
        return ['a document', 'GET', path, path, 200];
      }),
    ),
    ['the storefront', 'GET', '/', '/', 200],
    ['the board', 'GET', '/board', '/board', 200],
    ['the page of an order', 'GET', '/orders/1/follow', '/orders', 200],
    ['a path that begins like the docs', 'GET', '/docsy', 'unknown', 404],
    ['an unknown path', 'GET', `/${order}`, 'unknown', 404],
  ])('count %s: %s %s', async (_, method, path, route, status) => {
    const labels = { method: method === 'PROPFIND' ? 'other' : method, route, status: String(status) };
    const count = async () => sumOf(await apiMetrics(), DURATIONS, labels);
    const before = await count();
    expect((await send(shop, method, path)).status).toBe(status);
    await waitForGrowth(1, before, count);
  });

  test('gain no series from unknown paths, methods or queries', async () => {
    const routes = async () =>
      (await apiMetrics())
        .filter(({ name }) => name.startsWith('http_'))
        .map(seriesKey)
        .toSorted();
    const sendUnknown = async () => {
      for (const method of ['GET', 'PUT', 'TRACE']) {
        for (const path of [`/${randomUUID()}`, `/v2/${randomUUID()}?a=b`, '/%00', '//', `/docs/${randomUUID()}`]) {
          await send(shop, method, path);
        }
      }
      expect(await send(shop, 'POST', '/oauth/token', form)).toMatchObject({ status: 400 });
      // A scrape includes only earlier scrapes.
      await apiMetrics();
    };
    await sendUnknown();
    const before = await routes();
    await sendUnknown();
    expect(await routes()).toEqual(before);
  });

  test('count a client that disconnects before the response as status 499', async () => {
    const disconnected = async () => sumOf(await apiMetrics(), DURATIONS, { route: '/v1/orders', status: '499' });
    const before = await disconnected();
    await shop.database.transaction(async (trx) => {
      await trx.raw('LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
      const client = new AbortController();
      const headers = { authorization: `Bearer ${shop.manager}` };
      const answer = fetch(`${shop.url}/v1/orders`, { headers, signal: client.signal }).catch(() => 'none');
      const here =
        "relation = 'orders'::regclass AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
      const held = () => trx('pg_locks').where({ granted: false }).whereRaw(here).first();
      await waitFor('The request to reach Postgres', async () => (await held()) !== undefined, TIMEOUT);
      client.abort();
      expect(await answer).toBe('none');
      // The lock is still held, so there is no response yet.
      await waitForGrowth(1, before, disconnected);
    });
  });

  test('include the number of open event streams', async () => {
    const streams = async () => sumOf(await apiMetrics(), 'crema_event_streams');
    const inFlight = async () => sumOf(await apiMetrics(), 'http_requests_in_flight');
    const before = await streams();
    const stream = await follow(shop, '/v1/orders/events', { as: shop.manager });
    await waitForGrowth(1, before, streams);
    await waitFor('The stream and this scrape in flight', async () => (await inFlight()) === 2, TIMEOUT);
    stream.close();
    await waitFor('The end of the stream', async () => (await streams()) === before, TIMEOUT);
    await waitFor('Only this scrape in flight', async () => (await inFlight()) === 1, TIMEOUT);
  });
});

test('counts each event of an order once, and its emails and webhooks by outcome', async () => {
  const receiver = await startReceiver(500);
  const { id: webhook } = await webhooksOf(() => shop).register(receiver.url, { events: ['order.status_changed'] });
  const events = async (type: string, status: string) =>
    sumOf(await allMetrics(), 'crema_order_events_total', { type, status });
  const outcomes = async (name: string, outcome: string) => sumOf(await workerMetrics(), name, { outcome });

  const { body: order } = await shop.place();
  await shop.move(order.id, 'preparation');
  await receiver.waitForRequests(1);
  receiver.behaviour = 204;
  await shop.requestUntilKnown('POST', `/v1/orders/${order.id}/cancel`, { as: shop.manager, body: {} });
  await shop.waitForEnd(order.id);
  await webhooksOf(() => shop).settled(webhook, 'delivered');
  await receiver.close();

  expect(await events('order.placed', 'waiting')).toBe(1);
  expect(await events('order.status_changed', 'preparation')).toBe(1);
  expect(await events('order.cancelled', 'cancelled')).toBe(1);
  // Two emails to the shop, one of them after a retry. All emails to the customer are refused.
  expect(await outcomes('crema_emails_total', 'sent')).toBe(2);
  const emails = shop.database('deliveries').where({ channel: 'email' }).select('id');
  const retries = shop.database('delivery_attempts').whereIn('delivery_id', emails).where({ outcome: 'retrying' });
  const { length } = await retries;
  expect(length).toBeGreaterThan(0);
  expect(await outcomes('crema_emails_total', 'retrying')).toBe(length);
  expect(await outcomes('crema_emails_total', 'refused')).toBeGreaterThan(0);
  expect(await outcomes('crema_webhooks_total', 'delivered')).toBe(1);
  expect(await outcomes('crema_webhooks_total', 'pending')).toBeGreaterThan(0);
  expect(sumOf(await workerMetrics(), 'temporal_activity_task_received_total')).toBeGreaterThan(0);
});

describe('GET /metrics in production', () => {
  const METRICS_TOKEN = randomUUID();
  const PAYLOAD_KEYS = `one:${Buffer.alloc(32, 'crema').toString('base64')}`;
  const others = { PUBLIC_URL: 'https://crema.example', RATE_LIMITS: 'on', PAYLOAD_KEYS };
  const production = () => ({ ...shop.environment, NODE_ENV: 'production', ...others });

  async function withApi(environment: Record<string, string | undefined>, work: (url: string) => Promise<void>) {
    const data = makeDataFolder('production');
    const api = await startApi({ dataDir: data.path, environment });
    try {
      await work(api.url);
    } finally {
      await api.stop();
      data.remove();
    }
  }

  const read = (url: string, authorization?: string) =>
    fetch(`${url}/metrics`, authorization === undefined ? {} : { headers: { authorization } });

  test('answers 404 without METRICS_TOKEN', () =>
    withApi(production(), async (url) => {
      expect((await read(url)).status).toBe(404);
      // On every path, an invalid access token is refused.
      expect((await read(url, `Bearer ${METRICS_TOKEN}`)).status).toBe(401);
    }));

  test('accepts only METRICS_TOKEN, without a rate limit', () =>
    withApi({ ...production(), METRICS_TOKEN, RATE_LIMIT_ANONYMOUS: '1/60' }, async (url) => {
      const similar = [`Bearer ${METRICS_TOKEN.slice(1)}`, `Bearer ${METRICS_TOKEN}0`, `Basic ${METRICS_TOKEN}`];
      const wrong = [undefined, '', 'Bearer', METRICS_TOKEN, ...similar, `Bearer ${shop.manager}`];
      for (const authorization of wrong) {
        const answer = await read(url, authorization);
        expect([authorization, answer.status]).toEqual([authorization, 401]);
        expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="metrics"');
        expect(answer.headers.get('content-type')).toBe('application/problem+json');
        expect(await answer.json()).toMatchObject({ code: 'unauthenticated', status: 401 });
      }
      for (const scheme of ['Bearer', 'bearer']) {
        const refused = async () => {
          const answer = await read(url, `${scheme} ${METRICS_TOKEN}`);
          expect(answer.status).toBe(200);
          return sumOf(readMetrics(await answer.text()), DURATIONS, { route: '/metrics', status: '401' });
        };
        await waitFor('All refused requests', async () => (await refused()) === wrong.length, TIMEOUT);
      }
    }));
});

describe('the metrics page of a worker', () => {
  const page: MetricsPage = {
    contentType: 'text/plain',
    text: async () => 'up 1\n',
    mayRead: (authorization) => authorization === 'Bearer right',
  };

  async function answerOf(page: MetricsPage | undefined, headers: Record<string, string> = {}) {
    const [port = 0] = await leasePorts(1);
    const server = createHealthServer('one', () => 'RUNNING', {}, page);
    await server.listen(port, '127.0.0.1');
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { ...headers, connection: 'close' } });
    const text = await answer.text();
    await server.close();
    return { status: answer.status, type: answer.headers.get('content-type'), text, headers: answer.headers };
  }

  test('accepts an authorized reader', async () => {
    const authorization = 'Bearer right';
    expect(await answerOf(page, { authorization })).toMatchObject({ status: 200, type: 'text/plain', text: 'up 1\n' });
  });

  test('refuses other readers', async () => {
    const { status, type, text, headers } = await answerOf(page);
    expect([status, type]).toEqual([401, 'application/problem+json']);
    expect(JSON.parse(text)).toMatchObject({ status: 401, title: 'Unauthorized' });
    expect(headers.get('www-authenticate')).toBe('Bearer realm="metrics"');
  });

  test('answers 503 if the metrics cannot be read', async () => {
    const broken = { ...page, mayRead: () => true, text: () => Promise.reject(new Error('gone')) };
    expect(await answerOf(broken)).toMatchObject({ status: 503, type: 'application/problem+json' });
  });

  test('answers 404 if metrics are off', async () => {
    expect((await answerOf(undefined)).status).toBe(404);
  });
});

test.each([
  ['a malformed line', '# TYPE a counter\na{b=c} 1\n'],
  ['an unterminated last line', '# TYPE a counter\na 1'],
  ['a repeated family', '# TYPE a counter\na 1\n# TYPE a counter\n'],
  ['a repeated series', '# TYPE a counter\na{b="c",d="e"} 1\na{d="e",b="c"} 1\n'],
  ['a sample outside its family', '# TYPE a counter\na 1\nb 1\n'],
  ['inconsistent buckets', '# TYPE a histogram\na_bucket{le="+Inf"} 2\na_sum 1\na_count 1\n'],
])('the parser of these tests rejects %s', (_, text) => {
  expect(() => readMetrics(text)).toThrow();
});
