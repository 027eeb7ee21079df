import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose';
import { createOidcArtifactRepository } from '../../db/oidc-artifacts.ts';
import { type AuthApi, CUSTOMER, MANAGER, openAuthApi, readJson } from './auth-api.ts';
import { signInWithBrowser } from './browser-sign-in.ts';
import { openDatabase, type TestDatabase } from './database.ts';
import { openApplication, openUserAgent } from './user-agent.ts';

const APP = 'https://app.example/back';

let shop: TestDatabase;
let api: AuthApi;

beforeAll(async () => {
  shop = await openDatabase();
  api = await openAuthApi(shop.database, { redirectUris: [APP] });
});
afterAll(async () => {
  await api.close();
  await shop.close();
});

const statusOf = async (token: string) => (await api.who(`Bearer ${token}`)).status;

describe('an authorization request', () => {
  test.each<[string, Record<string, string | undefined>, string]>([
    ['has no PKCE challenge', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
    ['has a plain challenge', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['has no challenge method', { code_challenge_method: undefined }, 'invalid_request'],
    ['has a short challenge', { code_challenge: 'short' }, 'invalid_request'],
    ['requests a token instead of a code', { response_type: 'token' }, 'unsupported_response_type'],
    ['requests a token for another API', { resource: 'https://mallory.example/v1' }, 'invalid_target'],
  ])('redirects with an error if it %s', async (_, parameters, error) => {
    const { status, url } = await openUserAgent(api.url).open(openApplication(api.url).authorize(parameters));
    const sent = new URLSearchParams(url.search || url.hash.slice(1));
    expect([status, url.pathname, sent.get('error')]).toEqual([303, '/docs/oauth2-redirect', error]);
    expect(sent.get('state')).toBe('as-it-was');
  });

  test.each([
    `${APP}/`,
    `${APP}?x=1`,
    `${APP}/../back`,
    'https://APP.example/back',
    'https://app.example:8443/back',
    'http://app.example/back',
    'https://app.example.mallory.example/back',
    'https://app.example@mallory.example/back',
    'javascript:alert(1)',
  ])('does not redirect to the unregistered URI %s', async (redirect_uri) => {
    const page = await openUserAgent(api.url).open(openApplication(api.url).authorize({ redirect_uri }));
    expect([page.status, page.url.pathname, page.headers.get('location')]).toEqual([400, '/oauth/authorize', null]);
    expect(page.html).toContain('<h1>That did not work</h1>');
    expect(page.html).toContain('(invalid_redirect_uri)');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  test('shows an error page if the client is unknown', async () => {
    const page = await openUserAgent(api.url).open(openApplication(api.url).authorize({ client_id: '<b>x</b>' }));
    expect([page.status, page.html.includes('(invalid_client)'), page.html.includes('<b>')]).toEqual([
      400,
      true,
      false,
    ]);
  });

  test('returns its error as JSON if the client accepts JSON', async () => {
    const headers = { accept: 'application/json' };
    const answer = await fetch(`${api.url}${openApplication(api.url).authorize({ redirect_uri: 'x' })}`, { headers });
    expect([answer.status, ((await answer.json()) as { error: string }).error]).toEqual([400, 'invalid_redirect_uri']);
  });
});

test.each(['/', '/board'])('users return to the page %s after a sign-in and a sign-out', async (path) => {
  const agent = openUserAgent(api.url);
  const application = openApplication(api.url, api.url + path);
  const page = await agent.open(application.authorize());
  const back = await agent.submit(page, { email: 'customer@example.com', password: 'test' });
  expect([back.url.pathname, back.url.searchParams.has('code')]).toEqual([path, true]);
  const query = new URLSearchParams({ client_id: 'crema', post_logout_redirect_uri: api.url + path });
  const left = await agent.submit(await agent.open(`/oauth/logout?${query}`), { logout: 'yes' });
  expect(left.url.href).toBe(api.url + path);
});

describe('an authorization code', () => {
  test('revokes its tokens if it is used a second time', async () => {
    const { exchange } = await signInWithBrowser(api);
    const { access_token: access, refresh_token: refresh } = (await exchange()).body;
    expect(await statusOf(access)).toBe(200);

    const again = await exchange();

    expect([again.status, again.body.error]).toEqual([400, 'invalid_grant']);
    expect(await statusOf(access)).toBe(401);
    expect((await api.refresh(refresh)).body.error).toBe('invalid_grant');
  });

  test('gives no valid tokens if it is used twenty times concurrently', async () => {
    const { exchange } = await signInWithBrowser(api);
    const answers = await Promise.all(Array.from({ length: 20 }, () => exchange()));
    const granted = answers.filter(({ status }) => status === 200);
    expect(granted.length).toBeLessThanOrEqual(1);
    for (const { body } of granted) {
      expect(await statusOf(body.access_token)).toBe(401);
      expect((await api.refresh(body.refresh_token)).body.error).toBe('invalid_grant');
    }
  });

  test('expires after one minute', async () => {
    const { exchange } = await signInWithBrowser(api);
    const kept = shop.database('oidc_artifacts').where({ kind: 'AuthorizationCode' });
    const { payload } = await kept.clone().orderBy('expires_at', 'desc').first();
    expect(payload.exp - payload.iat).toBe(60);
    await kept.clone().update({ expires_at: new Date(Date.now() - 1) });
    expect((await exchange()).body.error).toBe('invalid_grant');
  });

  test.each([
    ['another verifier', { code_verifier: 'x'.repeat(43) }],
    ['another redirect URI', { redirect_uri: APP }],
    ['another code', { code: 'x' }],
  ])('is rejected with %s', async (_, changes) => {
    const { exchange } = await signInWithBrowser(api);
    expect((await exchange(changes)).body.error).toBe('invalid_grant');
  });

  test('is rejected without its verifier', async () => {
    const { application, code } = await signInWithBrowser(api);
    const { code_verifier: _, ...form } = application.exchange(code);
    expect((await api.post('/oauth/token', form)).body.error).toBe('invalid_grant');
  });
});

describe('an access token from a code', () => {
  test('has all scopes of the role if the request names no scopes', async () => {
    const { exchange } = await signInWithBrowser(api);
    expect((await exchange()).body.scope).toBe('orders:read orders:write');
  });

  test('has only those requested scopes that the role allows', async () => {
    const { exchange } = await signInWithBrowser(api, undefined, { scope: 'orders:read users:write nonsense' });
    expect((await exchange()).body.scope).toBe('orders:read');
  });

  test('is refused with access_denied if no requested scope is allowed', async () => {
    const agent = openUserAgent(api.url);
    const page = await agent.open(openApplication(api.url).authorize({ scope: 'users:write' }));
    const back = await agent.submit(page, { email: 'customer@example.com', password: 'test' });
    expect(back.url.searchParams.get('error')).toBe('access_denied');
  });

  test('has the scopes of a manager after a promotion', async () => {
    const { agent, application } = await signInWithBrowser(api);
    await shop.database('users').where({ id: CUSTOMER }).update({ role: 'manager' });
    try {
      const back = await agent.open(application.authorize({ scope: 'users:write' }));
      const form = application.exchange(back.url.searchParams.get('code')!);
      expect((await api.post('/oauth/token', form)).body.scope).toBe('users:write');
    } finally {
      await shop.database('users').where({ id: CUSTOMER }).update({ role: 'customer' });
    }
  });
});

test('returns an ID token for the scope openid, which is not an access token', async () => {
  const { exchange } = await signInWithBrowser(api, 'manager@example.com', {
    scope: 'openid orders:read',
    nonce: 'once',
  });
  const { body } = await exchange();
  const idToken = (body as unknown as { id_token: string }).id_token;
  const jwks = createLocalJWKSet(await readJson(`${api.url}/.well-known/jwks.json`));
  const { payload } = await jwtVerify(idToken, jwks, { issuer: api.url, audience: 'crema' });
  expect(payload).toMatchObject({ sub: MANAGER, nonce: 'once' });
  expect(await statusOf(idToken)).toBe(401);
  expect(decodeJwt(body.access_token).scope).toBe('orders:read');
});

test('accepts a code only from the origin of the registered app', async () => {
  const { application, code } = await signInWithBrowser(api);
  const foreign = { origin: 'https://mallory.example' };
  expect((await api.post('/oauth/token', application.exchange(code), foreign)).status).toBe(400);
  const own = await api.post('/oauth/token', application.exchange(code), { origin: new URL(APP).origin });
  expect([own.status, own.headers.get('access-control-allow-origin')]).toEqual([200, 'https://app.example']);
});

test('removes sessions, tokens and unfinished sign-ins of an account together', async () => {
  const { agent, application, exchange } = await signInWithBrowser(api, 'manager@example.com');
  const { access_token: access, refresh_token: refresh } = (await exchange()).body;
  const { code, application: other } = await signInWithBrowser(api, 'manager@example.com');
  expect(await statusOf(access)).toBe(200);
  const customers = (await api.signIn('customer@example.com')).body.access_token;

  await createOidcArtifactRepository(shop.database).removeByAccount(MANAGER);
  api.auth.evict(MANAGER);

  expect(await statusOf(access)).toBe(401);
  expect((await api.refresh(refresh)).body.error).toBe('invalid_grant');
  expect((await api.post('/oauth/token', other.exchange(code))).body.error).toBe('invalid_grant');
  expect((await agent.open(application.authorize())).html).toContain('<h1>Sign in</h1>');
  expect(await shop.database('oidc_artifacts').where({ account_id: MANAGER })).toEqual([]);
  expect(await statusOf(customers)).toBe(200);
});
