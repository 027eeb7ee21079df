import { createOidcArtifactRepository } from '../../db/oidc-artifacts.ts';
import { type AuthApi, CUSTOMER, openAuthApi } from './auth-api.ts';
import { signInWithBrowser } from './browser-sign-in.ts';
import { openDatabase, type TestDatabase } from './database.ts';
import { openUserAgent } from './user-agent.ts';

const CALLER_CACHE_MS = 400;

let shop: TestDatabase;
let api: AuthApi;
/** Another process of the same shop, with a caller cache of its own. */
let elsewhere: AuthApi;

beforeAll(async () => {
  shop = await openDatabase();
  // The cache time is so long that the first process rejects a token in time only if it evicts the cache entry.
  api = await openAuthApi(shop.database, { callerCacheMs: 600_000 });
  elsewhere = await openAuthApi(shop.connectAgain(), { publicUrl: api.url, callerCacheMs: CALLER_CACHE_MS });
});
afterAll(async () => {
  await Promise.all([api.close(), elsewhere.close()]);
  await shop.close();
});

const statuses = async (token: string) =>
  Promise.all([api, elsewhere].map(async (process) => (await process.who(`Bearer ${token}`)).status));

/** Expects that both processes accept the token. Both then have its caller in their caches. */
async function expectGood(token: string) {
  expect(await statuses(token)).toEqual([200, 200]);
}

/** Expects that the process that ended the token rejects it at once, and the other process when its cache entry expires. */
async function expectEnded(token: string) {
  expect((await api.who(`Bearer ${token}`)).status).toBe(401);
  const deadline = performance.now() + 2 * CALLER_CACHE_MS;
  while ((await elsewhere.who(`Bearer ${token}`)).status === 200 && performance.now() < deadline) {
    await new Promise((later) => setTimeout(later, 20));
  }
  expect((await elsewhere.who(`Bearer ${token}`)).status).toBe(401);
}

const revoke = (token: string, extra: Record<string, string> = {}) =>
  api.post('/oauth/revoke', { client_id: 'crema', token, ...extra });

test('revokes an access token, but no other token of the same sign-in', async () => {
  const { access_token: access, refresh_token: refresh } = (await api.signIn('customer@example.com')).body;
  const next = (await api.refresh(refresh)).body;
  await expectGood(access);

  expect((await revoke(access, { token_type_hint: 'access_token' })).status).toBe(200);

  await expectEnded(access);
  await expectGood(next.access_token);
  expect((await revoke(access)).status).toBe(200);
});

test('revokes the access tokens of a sign-in with its refresh token, and no others', async () => {
  const { access_token: access, refresh_token: refresh } = (await api.signIn('customer@example.com')).body;
  const other = (await api.signIn('customer@example.com')).body.access_token;
  await expectGood(access);

  expect((await revoke(refresh)).status).toBe(200);

  await expectEnded(access);
  await expectGood(other);
});

test('answers 200 to an invalid or foreign token and changes nothing', async () => {
  const { access_token: access } = (await api.signIn('customer@example.com')).body;
  const foreign = await api.forge({ client_id: 'somebody-else' });
  const expired = await api.forge({ exp: 1 });
  const unknownKey = await api.forge({}, { kid: 'x' });
  const [header, claims] = access.split('.');
  for (const token of [foreign, expired, unknownKey, `${header}.${claims}.${'A'.repeat(86)}`, 'x', 'e30.e30.']) {
    const { status, body } = await revoke(token);
    expect([status, body]).toEqual([200, undefined]);
  }
  await expectGood(access);
  expect((await api.who(`Bearer ${foreign}`)).status).toBe(200);
});

test('rejects a revocation without a client, with an unknown client, or without a token', async () => {
  const { access_token: access } = (await api.signIn('customer@example.com')).body;
  const withoutClient = await api.post('/oauth/revoke', { token: access });
  expect([withoutClient.status, withoutClient.body.error]).toEqual([400, 'invalid_request']);
  const stranger = await revoke(access, { client_id: 'mallory' });
  expect([stranger.status, stranger.body.error]).toEqual([401, 'invalid_client']);
  const nothing = await api.post('/oauth/revoke', { client_id: 'crema' });
  expect([nothing.status, nothing.body.error]).toEqual([400, 'invalid_request']);
  await expectGood(access);
});

test('ends the session and its tokens on sign-out, and redirects to the client', async () => {
  const { agent, application, exchange } = await signInWithBrowser(api);
  const { access_token: access, refresh_token: refresh } = (await exchange()).body;
  await expectGood(access);
  const back = new URLSearchParams({
    client_id: 'crema',
    post_logout_redirect_uri: application.redirectUri,
    state: 'bye',
  });

  const page = await agent.open(`/oauth/logout?${back}`);
  expect([page.status, /<h1>([^<]*)/.exec(page.html)?.[1]]).toEqual([200, 'Sign out?']);
  expect(page.headers.get('cache-control')).toBe('no-store');
  await expectGood(access);
  const { status, url } = await agent.submit(page, { logout: 'yes' });

  expect([status, url.href]).toEqual([303, `${application.redirectUri}?state=bye`]);
  await expectEnded(access);
  expect((await api.refresh(refresh)).body.error).toBe('invalid_grant');
  expect((await agent.open(application.authorize())).html).toContain('<h1>Sign in</h1>');
});

test('shows a page after a sign-out without a redirect URI', async () => {
  const { agent, exchange } = await signInWithBrowser(api);
  const { access_token: access } = (await exchange()).body;
  const page = await agent.submit(await agent.open('/oauth/logout'), { logout: 'yes' });
  expect(page.html).toContain('<h1>You are signed out</h1>');
  await expectEnded(access);
  const again = await agent.submit(await agent.open('/oauth/logout'), {});
  expect(again.html).toContain('<h1>You are signed out</h1>');
});

test('rejects a sign-out form that another site has sent', async () => {
  const { agent, exchange } = await signInWithBrowser(api);
  const { access_token: access } = (await exchange()).body;
  const page = await agent.open('/oauth/logout');
  for (const xsrf of [undefined, 'x']) {
    const refused = await agent.submit(page, { logout: 'yes', xsrf });
    expect([refused.status, refused.html.includes('<h1>That did not work</h1>')]).toEqual([400, true]);
  }
  await expectGood(access);
});

test('rejects a sign-out with an unregistered redirect URI or an invalid hint', async () => {
  const agent = openUserAgent(api.url);
  for (const query of ['client_id=crema&post_logout_redirect_uri=https://mallory.example/', 'id_token_hint=x']) {
    const page = await agent.open(`/oauth/logout?${query}`);
    expect([page.status, page.html.includes('<h1>That did not work</h1>')]).toEqual([400, true]);
  }
});

test('accepts an ID token as the hint of a sign-out', async () => {
  const { agent, application, exchange } = await signInWithBrowser(api, 'manager@example.com', { scope: 'openid' });
  const { id_token: hint } = (await exchange()).body as unknown as { id_token: string };
  const query = new URLSearchParams({ id_token_hint: hint, post_logout_redirect_uri: application.redirectUri });
  const { url } = await agent.submit(await agent.open(`/oauth/logout?${query}`), { logout: 'yes' });
  expect(url.href).toBe(application.redirectUri);
});

test('rejects tokens of an ended session whose grant still exists', async () => {
  const { exchange } = await signInWithBrowser(api);
  const { access_token: access, refresh_token: refresh } = (await exchange()).body;
  await shop.database('oidc_artifacts').where({ kind: 'Session' }).delete();
  api.auth.evict(CUSTOMER);
  await expectEnded(access);
  expect((await api.refresh(refresh)).body.error).toBe('invalid_grant');
});

test('removes expired rows, and only these, in batches', async () => {
  const artifacts = createOidcArtifactRepository(shop.database);
  const { refresh_token: refresh } = (await api.signIn('customer@example.com')).body;
  await Promise.all(['a', 'b', 'c'].map((id) => artifacts.save('Interaction', id, {}, { expiresIn: -60 })));
  const left = async () => (await shop.database('oidc_artifacts').where('expires_at', '<', new Date())).length;
  expect(await left()).toBe(3);

  expect(await artifacts.removeExpired(2)).toBe(2);
  await Promise.all([api.auth.upkeep(), elsewhere.auth.upkeep()]);

  expect(await left()).toBe(0);
  expect((await api.refresh(refresh)).status).toBe(200);
});
