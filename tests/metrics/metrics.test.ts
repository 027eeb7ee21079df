import { randomUUID } from 'node:crypto';
import { leasePorts } from '../../stack/ports.ts';
import { startApi } from '../../stack/programs.ts';
import { waitFor } from '../../stack/wait.ts';
import { createHealthServer, type MetricsPage } from '../../worker/health-server.ts';
import { smtpError } from '../email/mail-servers.ts';
import { makeDataFolder } from '../evidence/evidence.ts';
import { expectProblem } from '../http/problem.ts';
import { send } from '../http/wire.ts';
import { openShop, type Shop } from '../shop.ts';
import { follow } from '../streams/event-stream.ts';
import { webhooksOf } from '../webhooks/manager.ts';
import { startReceiver } from '../webhooks/receiver.ts';
import { readMetrics, type Series, seriesKey, sumOf } from './exposition.ts';

const DURATIONS = 'http_request_duration_seconds_count';
const patience = { deadline: 20_000 };

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
const ofApi = () => metricsOf(shop.api.url);
const ofWorker = () => metricsOf(shop.worker!.url);
const everywhere = async () => [...(await ofApi()), ...(await ofWorker())];

/** Waits until a number has grown by this much since, and stays there at first. */
async function grows(by: number, since: number, read: () => Promise<number>): Promise<void> {
  await waitFor(`${by} more than ${since}`, async () => (await read()) >= since + by, patience);
  expect(await read()).toBe(since + by);
}

describe('When Prometheus comes by', () => {
  test.each(['api', 'worker'] as const)('then the %s tells how its process is, and nobody keeps that', async (name) => {
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

  test('then the worker passes on what Temporal’s SDK has counted', async () => {
    const series = await ofWorker();
    const slots = { task_queue: shop.environment.TEMPORAL_TASK_QUEUE!, worker_type: 'ActivityWorker' };
    expect(sumOf(series, 'temporal_worker_task_slots_available', slots)).toBeGreaterThan(0);
  });

  test('then it may look without reading, and do nothing else', async () => {
    const head = await shop.request('HEAD', '/metrics');
    expect([head.status, head.body]).toEqual([200, '']);
    const post = await shop.request('POST', '/metrics');
    expectProblem(post, 'method_not_allowed');
    expect(post.headers.get('allow')).toBe('GET, HEAD');
    expect((await shop.request('GET', '/metrics/more')).status).toBe(404);
  });
});

describe('When requests are answered', () => {
  const order = randomUUID();
  const form = { username: 'customer@example.com', password: 'test', grant_type: 'password', client_id: 'crema' };

  test.each([
    ['a route by its template', 'GET', `/v1/orders/${order}`, '/v1/orders/{id}', 401],
    ['a longer one', 'GET', `/v1/orders/${order}/timeline?x=1`, '/v1/orders/{id}/timeline', 401],
    ['one of two that fit', 'POST', '/v1/orders/quote', '/v1/orders/quote', 401],
    ['a route that was reached', 'GET', '/v1/catalog', '/v1/catalog', 200],
    ['a route that is not served that way', 'DELETE', `/v1/orders/${order}`, '/v1/orders/{id}', 405],
    ['a method that nobody knows', 'PROPFIND', '/v1/catalog', '/v1/catalog', 405],
    ['the OAuth2 server', 'POST', '/oauth/token', '/oauth/token', 400],
    ['its pages', 'GET', `/oauth/sign-in/${order}`, '/oauth/sign-in', 400],
    ['the docs', 'GET', '/docs', '/docs', 200],
    ...['openapi', 'asyncapi'].flatMap((name) =>
      ['json', 'yaml'].map((form): [string, string, string, string, number] => {
        const path = `/${name}.${form}`;
        return ['a document', 'GET', path, path, 200];
      }),
    ),
    ['the way to them', 'GET', '/', '/', 302],
    ['what begins like the docs', 'GET', '/docsy', 'unknown', 404],
    ['what nobody has heard of', 'GET', `/${order}`, 'unknown', 404],
  ])('then %s counts: %s %s', async (_, method, path, route, status) => {
    const labels = { method: method === 'PROPFIND' ? 'other' : method, route, status: String(status) };
    const count = async () => sumOf(await ofApi(), DURATIONS, labels);
    const before = await count();
    expect((await send(shop, method, path)).status).toBe(status);
    await grows(1, before, count);
  });

  test('then a made-up path, method or query makes up no series', async () => {
    const routes = async () =>
      (await ofApi())
        .filter(({ name }) => name.startsWith('http_'))
        .map(seriesKey)
        .toSorted();
    const ask = async () => {
      for (const method of ['GET', 'PUT', 'TRACE']) {
        for (const path of [`/${randomUUID()}`, `/v2/${randomUUID()}?a=b`, '/%00', '//', `/docs/${randomUUID()}`]) {
          await send(shop, method, path);
        }
      }
      expect(await send(shop, 'POST', '/oauth/token', form)).toMatchObject({ status: 400 });
      // A scrape shows the one before it.
      await ofApi();
    };
    await ask();
    const before = await routes();
    await ask();
    expect(await routes()).toEqual(before);
  });

  test('then who left before the answer counts as gone', async () => {
    const gone = async () => sumOf(await ofApi(), DURATIONS, { route: '/v1/orders', status: '499' });
    const before = await gone();
    await shop.database.transaction(async (trx) => {
      await trx.raw('LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
      const leaving = new AbortController();
      const headers = { authorization: `Bearer ${shop.manager}` };
      const answer = fetch(`${shop.url}/v1/orders`, { headers, signal: leaving.signal }).catch(() => 'none');
      const here =
        "relation = 'orders'::regclass AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
      const held = () => trx('pg_locks').where({ granted: false }).whereRaw(here).first();
      await waitFor('The request to reach Postgres', async () => (await held()) !== undefined, patience);
      leaving.abort();
      expect(await answer).toBe('none');
      // Before there is an answer that the client could still get.
      await grows(1, before, gone);
    });
  });

  test('then an open event stream is seen, and its end', async () => {
    const streams = async () => sumOf(await ofApi(), 'crema_event_streams');
    const underWay = async () => sumOf(await ofApi(), 'http_requests_in_flight');
    const before = await streams();
    const stream = await follow(shop, '/v1/orders/events', { as: shop.manager });
    await grows(1, before, streams);
    await waitFor('The stream and the scrape itself', async () => (await underWay()) === 2, patience);
    stream.close();
    await waitFor('The end of the stream', async () => (await streams()) === before, patience);
    await waitFor('The scrape alone', async () => (await underWay()) === 1, patience);
  });
});

test('When an order lives, then each of its events counts once, with its mails and webhooks by what came of them', async () => {
  const receiver = await startReceiver(500);
  const { id: webhook } = await webhooksOf(() => shop).register(receiver.url, { events: ['order.status_changed'] });
  const events = async (type: string, status: string) =>
    sumOf(await everywhere(), 'crema_order_events_total', { type, status });
  const outcomes = async (name: string, outcome: string) => sumOf(await ofWorker(), name, { outcome });

  const { body: order } = await shop.place();
  await shop.move(order.id, 'preparation');
  await receiver.hears(1);
  receiver.behaviour = 204;
  await shop.request('POST', `/v1/orders/${order.id}/cancel`, { as: shop.manager, body: {} });
  await shop.finished(order.id);
  await webhooksOf(() => shop).settled(webhook, 'delivered');
  await receiver.close();

  expect(await events('order.placed', 'waiting')).toBe(1);
  expect(await events('order.status_changed', 'preparation')).toBe(1);
  expect(await events('order.cancelled', 'cancelled')).toBe(1);
  // To the shop of the first and the last, one of them put off; to the customer of each.
  expect(await outcomes('crema_emails_total', 'sent')).toBe(2);
  expect(await outcomes('crema_emails_total', 'retrying')).toBe(1);
  expect(await outcomes('crema_emails_total', 'refused')).toBeGreaterThan(0);
  expect(await outcomes('crema_webhooks_total', 'delivered')).toBe(1);
  expect(await outcomes('crema_webhooks_total', 'pending')).toBeGreaterThan(0);
  expect(sumOf(await ofWorker(), 'temporal_activity_task_received_total')).toBeGreaterThan(0);
});

describe('When a shop is in production', () => {
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

  const ask = (url: string, authorization?: string) =>
    fetch(`${url}/metrics`, authorization === undefined ? {} : { headers: { authorization } });

  test('then without a token there is no such page', () =>
    withApi(production(), async (url) => {
      expect((await ask(url)).status).toBe(404);
      // As everywhere, an access token that is none is refused.
      expect((await ask(url, `Bearer ${METRICS_TOKEN}`)).status).toBe(401);
    }));

  test('then only the token opens it, as often as it likes', () =>
    withApi({ ...production(), METRICS_TOKEN, RATE_LIMIT_ANONYMOUS: '1/60' }, async (url) => {
      const near = [`Bearer ${METRICS_TOKEN.slice(1)}`, `Bearer ${METRICS_TOKEN}0`, `Basic ${METRICS_TOKEN}`];
      const wrong = [undefined, '', 'Bearer', METRICS_TOKEN, ...near, `Bearer ${shop.manager}`];
      for (const authorization of wrong) {
        const answer = await ask(url, authorization);
        expect([authorization, answer.status]).toEqual([authorization, 401]);
        expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="metrics"');
        expect(answer.headers.get('content-type')).toBe('application/problem+json');
        expect(await answer.json()).toMatchObject({ code: 'unauthenticated', status: 401 });
      }
      for (const scheme of ['Bearer', 'bearer']) {
        const refused = async () => {
          const answer = await ask(url, `${scheme} ${METRICS_TOKEN}`);
          expect(answer.status).toBe(200);
          return sumOf(readMetrics(await answer.text()), DURATIONS, { route: '/metrics', status: '401' });
        };
        await waitFor('All that were refused', async () => (await refused()) === wrong.length, patience);
      }
    }));
});

describe('When a worker’s page is asked for', () => {
  const good: MetricsPage = {
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

  test('then it opens to who may read it', async () => {
    const authorization = 'Bearer right';
    expect(await answerOf(good, { authorization })).toMatchObject({ status: 200, type: 'text/plain', text: 'up 1\n' });
  });

  test('then others are refused', async () => {
    const { status, type, text, headers } = await answerOf(good);
    expect([status, type]).toEqual([401, 'application/problem+json']);
    expect(JSON.parse(text)).toMatchObject({ status: 401, title: 'Unauthorized' });
    expect(headers.get('www-authenticate')).toBe('Bearer realm="metrics"');
  });

  test('then one that cannot be made is missing, and the worker lives on', async () => {
    const broken = { ...good, mayRead: () => true, text: () => Promise.reject(new Error('gone')) };
    expect(await answerOf(broken)).toMatchObject({ status: 503, type: 'application/problem+json' });
  });

  test('then there may be none', async () => {
    expect((await answerOf(undefined)).status).toBe(404);
  });
});

test.each([
  ['a line that is none', '# TYPE a counter\na{b=c} 1\n'],
  ['a line without an end', '# TYPE a counter\na 1'],
  ['a family that comes twice', '# TYPE a counter\na 1\n# TYPE a counter\n'],
  ['a series that comes twice', '# TYPE a counter\na{b="c",d="e"} 1\na{d="e",b="c"} 1\n'],
  ['a number below another family', '# TYPE a counter\na 1\nb 1\n'],
  ['buckets that do not add up', '# TYPE a histogram\na_bucket{le="+Inf"} 2\na_sum 1\na_count 1\n'],
])('When metrics have %s, then the tests’ own reader refuses them', (_, text) => {
  expect(() => readMetrics(text)).toThrow();
});
