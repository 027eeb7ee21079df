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

describe('a request is refused', () => {
  test.each<[string, Record<string, string | undefined>, string]>([
    [
      'When it has no PKCE challenge',
      { code_challenge: undefined, code_challenge_method: undefined },
      'invalid_request',
    ],
    ['When its challenge is plain', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['When its challenge has no method', { code_challenge_method: undefined }, 'invalid_request'],
    ['When its challenge is too short', { code_challenge: 'short' }, 'invalid_request'],
    ['When it wants a token instead of a code', { response_type: 'token' }, 'unsupported_response_type'],
    ['When it wants a token for another API', { resource: 'https://mallory.example/v1' }, 'invalid_target'],
  ])('%s, and the client is told', async (_, parameters, error) => {
    const { status, url } = await openUserAgent(api.url).open(openApplication(api.url).authorize(parameters));
    const told = new URLSearchParams(url.search || url.hash.slice(1));
    expect([status, url.pathname, told.get('error')]).toEqual([303, '/docs/oauth2-redirect', error]);
    expect(told.get('state')).toBe('as-it-was');
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
  ])('When it wants people sent to %s, and nobody is sent there', async (redirect_uri) => {
    const page = await openUserAgent(api.url).open(openApplication(api.url).authorize({ redirect_uri }));
    expect([page.status, page.url.pathname, page.headers.get('location')]).toEqual([400, '/oauth/authorize', null]);
    expect(page.html).toContain('<h1>That did not work</h1>');
    expect(page.html).toContain('(invalid_redirect_uri)');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  test('When it is of no client of ours', async () => {
    const page = await openUserAgent(api.url).open(openApplication(api.url).authorize({ client_id: '<b>x</b>' }));
    expect([page.status, page.html.includes('(invalid_client)'), page.html.includes('<b>')]).toEqual([
      400,
      true,
      false,
    ]);
  });

  test('When a program asks for JSON, then it gets that', async () => {
    const headers = { accept: 'application/json' };
    const answer = await fetch(`${api.url}${openApplication(api.url).authorize({ redirect_uri: 'x' })}`, { headers });
    expect([answer.status, ((await answer.json()) as { error: string }).error]).toEqual([400, 'invalid_redirect_uri']);
  });
});

describe('a code', () => {
  test('When it is used a second time, then everything that came from it ends', async () => {
    const { trade } = await signInWithBrowser(api);
    const { access_token: access, refresh_token: refresh } = (await trade()).body;
    expect(await statusOf(access)).toBe(200);

    const again = await trade();

    expect([again.status, again.body.error]).toEqual([400, 'invalid_grant']);
    expect(await statusOf(access)).toBe(401);
    expect((await api.refresh(refresh)).body.error).toBe('invalid_grant');
  });

  test('When it is used twenty times at once, then at most one use gets tokens, and they are no good', async () => {
    const { trade } = await signInWithBrowser(api);
    const answers = await Promise.all(Array.from({ length: 20 }, () => trade()));
    const granted = answers.filter(({ status }) => status === 200);
    expect(granted.length).toBeLessThanOrEqual(1);
    for (const { body } of granted) {
      expect(await statusOf(body.access_token)).toBe(401);
      expect((await api.refresh(body.refresh_token)).body.error).toBe('invalid_grant');
    }
  });

  test('When a minute has passed, then it is no good any more', async () => {
    const { trade } = await signInWithBrowser(api);
    const kept = shop.database('oidc_artifacts').where({ kind: 'AuthorizationCode' });
    const { payload } = await kept.clone().orderBy('expires_at', 'desc').first();
    expect(payload.exp - payload.iat).toBe(60);
    await kept.clone().update({ expires_at: new Date(Date.now() - 1) });
    expect((await trade()).body.error).toBe('invalid_grant');
  });

  test.each([
    ['another verifier', { code_verifier: 'x'.repeat(43) }],
    ['another redirect', { redirect_uri: APP }],
    ['another code', { code: 'x' }],
  ])('When it comes with %s, then it is refused', async (_, changes) => {
    const { trade } = await signInWithBrowser(api);
    expect((await trade(changes)).body.error).toBe('invalid_grant');
  });

  test('When it comes without its verifier, then it is refused', async () => {
    const { application, code } = await signInWithBrowser(api);
    const { code_verifier: _, ...form } = application.exchange(code);
    expect((await api.post('/oauth/token', form)).body.error).toBe('invalid_grant');
  });
});

describe('scopes', () => {
  test('When none is asked for, then the token has all that the role may', async () => {
    const { trade } = await signInWithBrowser(api);
    expect((await trade()).body.scope).toBe('orders:read orders:write');
  });

  test('When more is asked for than the role may, then the token has what it may', async () => {
    const { trade } = await signInWithBrowser(api, undefined, { scope: 'orders:read users:write nonsense' });
    expect((await trade()).body.scope).toBe('orders:read');
  });

  test('When nothing that is asked for may be had, then the client is told', async () => {
    const agent = openUserAgent(api.url);
    const page = await agent.open(openApplication(api.url).authorize({ scope: 'users:write' }));
    const back = await agent.submit(page, { email: 'customer@example.com', password: 'test' });
    expect(back.url.searchParams.get('error')).toBe('access_denied');
  });

  test('When a customer has become a manager, then the next code has what a manager may', async () => {
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

test('When openid is asked for, then an ID token says who has signed in, and the API takes none for an access token', async () => {
  const { trade } = await signInWithBrowser(api, 'manager@example.com', {
    scope: 'openid orders:read',
    nonce: 'once',
  });
  const { body } = await trade();
  const idToken = (body as unknown as { id_token: string }).id_token;
  const jwks = createLocalJWKSet(await readJson(`${api.url}/.well-known/jwks.json`));
  const { payload } = await jwtVerify(idToken, jwks, { issuer: api.url, audience: 'crema' });
  expect(payload).toMatchObject({ sub: MANAGER, nonce: 'once' });
  expect(await statusOf(idToken)).toBe(401);
  expect(decodeJwt(body.access_token).scope).toBe('orders:read');
});

test('When a browser app trades its code, then its own origin may, and another may not', async () => {
  const { application, code } = await signInWithBrowser(api);
  const foreign = { origin: 'https://mallory.example' };
  expect((await api.post('/oauth/token', application.exchange(code), foreign)).status).toBe(400);
  const own = await api.post('/oauth/token', application.exchange(code), { origin: new URL(APP).origin });
  expect([own.status, own.headers.get('access-control-allow-origin')]).toEqual([200, 'https://app.example']);
});

test('When all that a person has signed in to is ended, then no session, token or half-done sign-in is left', async () => {
  const { agent, application, trade } = await signInWithBrowser(api, 'manager@example.com');
  const { access_token: access, refresh_token: refresh } = (await trade()).body;
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
