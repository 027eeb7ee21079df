import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { RETRY_AFTER_S } from '../../api/http/problem.ts';
import { waitFor } from '../../stack/wait.ts';
import { submitOnce } from '../accounts/mailbox.ts';
import { openApplication, openUserAgent } from '../auth/user-agent.ts';
import { fillDatabase } from '../databases.ts';
import { askerOf, operations } from '../security/operations.ts';
import { type Answer, openShop, type Shop } from '../shop.ts';
import { expectIntact } from './aftermath.ts';
import { startOwn } from './own-services.ts';

let own: Awaited<ReturnType<typeof startOwn<'postgres'>>>;
let shop: Shop;
let order: string;
beforeAll(async () => {
  own = await startOwn('postgres');
  await fillDatabase(own.postgres.url);
  shop = await openShop({ databaseUrl: own.postgres.url });
  order = (await shop.place()).body.id;
  await expectIntact(shop, order);
}, 90_000);
afterAll(async () => {
  await shop?.close();
  await own?.stop();
}, 60_000);

const waitOptions = { deadline: 20_000, every: 100 };

const healthOf = async (url = shop.url) => (await fetch(`${url}/health/ready`)).json() as Promise<{ parts: unknown }>;
const postgresIs = (state: 'up' | 'down') =>
  waitFor(
    `Postgres, ${state} for API and worker`,
    async () => {
      const healths = await Promise.all([healthOf(), healthOf(shop.worker!.url)]);
      return healths.every(({ parts }) => (parts as Record<string, string>).postgres === state);
    },
    waitOptions,
  );

/** Sends statements on a new connection, one after the other. Returns the first value of the last result. */
async function asOwner(...statements: string[]): Promise<unknown> {
  const client = new pg.Client({ connectionString: own.postgres.url });
  await client.connect();
  try {
    let last: pg.QueryResult | undefined;
    for (const statement of ['SET default_transaction_read_only = off', ...statements]) {
      last = await client.query(statement);
    }
    return Object.values(last?.rows[0] ?? {})[0];
  } finally {
    await client.end();
  }
}

const endSessions = 'SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid()';

/** The ways to make Postgres read-only, and writable again. */
const ways = {
  'is set read-only': {
    begin: () => asOwner('ALTER DATABASE crema SET default_transaction_read_only = on', endSessions),
    // Open sessions keep the setting, so that only new ones can write.
    end: () => asOwner('ALTER DATABASE crema RESET default_transaction_read_only'),
  },
  'is a standby': {
    async begin() {
      const directory = String(await asOwner('SHOW data_directory'));
      await own.postgres.stop();
      writeFileSync(join(directory, 'standby.signal'), '');
      await own.postgres.start();
    },
    end: () => asOwner('SELECT pg_promote()'),
  },
};

function expectOutage({ status, headers, body }: Answer, operation: string): void {
  expect([operation, status, body.code ?? body.error]).toEqual([
    operation,
    503,
    expect.stringMatching(/^(outcome_unknown|(temporarily_)?unavailable)$/),
  ]);
  expect(headers.get('retry-after')).toBe(RETRY_AFTER_S);
}

/** Operations that only read. */
const READS = operations.filter(({ method, path }) => method === 'GET' && !path.endsWith('/events'));

describe.each(Object.entries(ways))('while Postgres %s', (_, { begin, end }) => {
  beforeAll(async () => {
    await begin();
    await postgresIs('down');
  }, 60_000);
  afterAll(async () => {
    await end();
    await postgresIs('up');
  }, 60_000);

  test('answers every route with data or with 503 and Retry-After', async () => {
    const ask = askerOf(shop, order);
    const answered: Record<string, number> = {};
    for (const operation of operations) {
      if (operation.path.endsWith('/events')) continue;
      const answer = await ask(operation, operation.example);
      if (answer.status >= 500 && operation.operationId !== 'getReadiness') expectOutage(answer, operation.name);
      answered[operation.name] = answer.status;
    }
    const read = READS.filter(({ name }) => answered[name]! < 300).map(({ name }) => name);
    expect(read).toEqual(
      expect.arrayContaining(['GET /v1/catalog', 'GET /v1/orders', 'GET /v1/orders/{id}', 'GET /v1/me']),
    );
    expect(answered).toMatchObject({ 'POST /v1/orders': 503, 'POST /v1/products': 503, 'PATCH /v1/me': 503 });
  }, 60_000);

  test('answers 503 to sign-in and account pages', async () => {
    const token = await fetch(`${shop.url}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'password',
        client_id: 'crema',
        username: 'x@example.com',
        password: 'x',
      }),
    });
    expect(token.status).toBeLessThan(500);
    const form = { grant_type: 'password', client_id: 'crema', username: 'manager@example.com', password: 'test' };
    const signIn = await fetch(`${shop.url}/oauth/token`, { method: 'POST', body: new URLSearchParams(form) });
    expect([signIn.status, await signIn.json()]).toEqual([
      503,
      expect.objectContaining({ error: 'temporarily_unavailable' }),
    ]);

    const page = await openUserAgent(shop.url).open(openApplication(shop.url).authorize());
    expect([page.status, page.html]).toEqual([503, expect.stringContaining('One moment, please')]);
    expect(page.headers.get('retry-after')).toBe(RETRY_AFTER_S);
    const register = await submitOnce(shop, '/account/register', { name: 'Ana', email: 'ana.new@example.com' });
    expect([register.status, register.body]).toEqual([503, expect.stringContaining('try again in a minute')]);
    expect(register.headers.get('retry-after')).toBe(RETRY_AFTER_S);
  }, 60_000);
});

test('accepts changes again in the same processes after Postgres accepts writes', async () => {
  const { status, body } = await shop.place();
  expect(status).toBe(201);
  expect((await shop.move(body.id, 'preparation')).status).toBe(200);
  expect((await shop.request('GET', '/v1/orders', { as: shop.manager })).status).toBe(200);
  await shop.signIn('manager@example.com');
  await expectIntact(shop, body.id);
  await expectIntact(shop, order);
  expect(shop.exits).toEqual([]);
}, 60_000);
