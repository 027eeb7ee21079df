import { RETRY_AFTER_S } from '../../api/http/problem.ts';
import { type AuthApi, CUSTOMER, openAuthApi } from './auth-api.ts';
import { openDatabase, type TestDatabase } from './database.ts';
import { openApplication, openUserAgent, type Page } from './user-agent.ts';

let shop: TestDatabase;
let api: AuthApi;
let token: string;

beforeAll(async () => {
  shop = await openDatabase();
  api = await openAuthApi(shop.database, { callerCacheMs: 1 });
  token = await api.forge({ sub: CUSTOMER });
});
afterAll(async () => {
  await api.close();
  await shop.close();
});

async function timed<T>(act: () => Promise<T>): Promise<[answer: T, ms: number]> {
  const start = performance.now();
  return [await act(), performance.now() - start];
}

function expectNotice({ status, headers, html }: Page) {
  expect([status, headers.get('retry-after'), headers.get('cache-control')]).toEqual([503, RETRY_AFTER_S, 'no-store']);
  expect(html).toContain('<h1>One moment, please</h1>');
}

async function expectUnavailable(withinMs: number) {
  const [signIn, signInMs] = await timed(() => api.signIn('manager@example.com'));
  expect([signIn.status, signIn.body]).toEqual([
    503,
    { error: 'temporarily_unavailable', error_description: 'The service is temporarily unavailable. Try again.' },
  ]);
  expect(signIn.headers.get('retry-after')).toBe(RETRY_AFTER_S);
  expect(signIn.headers.get('cache-control')).toBe('no-store');
  expect(signInMs).toBeLessThan(withinMs);

  const [who, whoMs] = await timed(() => api.who(`Bearer ${token}`));
  expect(who.status).toBe(503);
  expect(who.body.code).toBe('unavailable');
  expect(JSON.stringify(who.body)).not.toMatch(/node_modules|ECONN|postgres:/);
  expect(whoMs).toBeLessThan(withinMs);

  expect((await fetch(`${api.url}/.well-known/jwks.json`)).status).toBe(200);
  // A malformed token is rejected without Postgres.
  expect((await api.who('Bearer x')).status).toBe(401);
}

test('answers with 503 at once while Postgres is down, and recovers afterwards', async () => {
  const agent = openUserAgent(api.url);
  const { authorize } = openApplication(api.url);
  const page = await agent.open(authorize());
  const person = { email: 'manager@example.com', password: 'test' };

  await shop.server.kill();
  await expectUnavailable(2_000);
  expectNotice(await agent.open(authorize()));
  expectNotice(await agent.open('/oauth/logout'));
  expectNotice(await agent.open(page.url.pathname));
  expectNotice(await agent.submit(page, person));
  const revoked = await api.post('/oauth/revoke', { client_id: 'crema', token });
  expect([revoked.status, revoked.body.error]).toEqual([503, 'temporarily_unavailable']);

  await shop.server.start();
  expect((await agent.submit(page, person)).url.searchParams.has('code')).toBe(true);
  expect((await api.signIn('manager@example.com')).status).toBe(200);
  expect((await api.who(`Bearer ${token}`)).status).toBe(200);
}, 60_000);

test('answers with 503 after the deadline if Postgres hangs', async () => {
  await shop.database.destroy();
  shop.database.initialize();
  await shop.server.kill('SIGSTOP');
  try {
    await expectUnavailable(8_000);
  } finally {
    await shop.server.kill('SIGCONT');
  }
}, 60_000);
