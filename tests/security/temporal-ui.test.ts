import { createLocalJWKSet, decodeJwt, type JSONWebKeySet, jwtVerify } from 'jose';
import { readJson } from '../auth/auth-api.ts';
import { openUserAgent, type Page, type UserAgent } from '../auth/user-agent.ts';
import { newManager } from '../http/people.ts';
import { expectProblem } from '../http/problem.ts';
import { openShop, type Shop } from '../shop.ts';
import { newSetting } from './payload-keys.ts';

// The requests of the Temporal Web UI's server (temporalio/ui, server/server/route/auth.go and server/server/auth/oidc.go), by
// golang.org/x/oauth2: no PKCE, no `resource`; id and secret URL-encoded in Basic; state and nonce of its own.

const UI = 'https://temporal.example:8443';
const SECRET = 'never/again+with=sugar & spice, please!';
const CALLBACK = `${UI}/auth/sso/callback`;

let shop: Shop;
let encrypted: { payloads: unknown[] };
beforeAll(async () => {
  shop = await openShop({
    worker: false,
    environment: { PAYLOAD_KEYS: newSetting('key'), TEMPORAL_UI_ORIGIN: UI, TEMPORAL_UI_CLIENT_SECRET: SECRET },
  });
  const data = Buffer.from('{"note":"as hot as can be"}').toString('base64');
  const metadata = { encoding: Buffer.from('json/plain').toString('base64') };
  const { body } = await shop.request('POST', '/codec/encode', {
    as: shop.manager,
    body: { payloads: [{ metadata, data }] },
  });
  encrypted = body;
}, 60_000);
afterAll(() => shop?.close());

const authorize = (parameters: Record<string, string> = {}) =>
  `/oauth/authorize?${new URLSearchParams({
    client_id: 'temporal-ui',
    nonce: 'once',
    redirect_uri: CALLBACK,
    response_type: 'code',
    scope: 'openid events:read',
    state: 'as-it-was',
    ...parameters,
  })}`;

interface Tokens {
  access_token: string;
  id_token: string;
  error?: string;
}

async function exchange(parameters: Record<string, string>, secret = SECRET) {
  const credentials = [`temporal-ui`, secret]
    .map((part) => new URLSearchParams({ part }).toString().slice(5))
    .join(':');
  const response = await fetch(`${shop.url}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'authorization_code', redirect_uri: CALLBACK, ...parameters }),
  });
  return { status: response.status, body: (await response.json()) as Tokens };
}

const codeIn = ({ url }: Page) => url.searchParams.get('code') as string;
const signIn = async (agent: UserAgent, email: string, password = 'test') =>
  agent.submit(await agent.open(authorize()), { email, password });
const decode = (token: string) => shop.request('POST', '/codec/decode', { as: token, body: encrypted });

describe('A manager in the Temporal Web UI', () => {
  let tokens: Tokens;
  beforeAll(async () => {
    const back = await signIn(openUserAgent(shop.url), 'manager@example.com');
    expect(back.url.href).toMatch(`${CALLBACK}?code=`);
    expect(back.url.searchParams.get('state')).toBe('as-it-was');
    const answer = await exchange({ code: codeIn(back) });
    expect(answer.status).toBe(200);
    tokens = answer.body;
  });

  test('is identified to its server, which gets no refresh token', async () => {
    const jwks = createLocalJWKSet(await readJson<JSONWebKeySet>(`${shop.url}/.well-known/jwks.json`));
    const { payload } = await jwtVerify(tokens.id_token, jwks, { issuer: shop.url, audience: 'temporal-ui' });
    expect(payload.nonce).toBe('once');
    expect(tokens).not.toHaveProperty('refresh_token');
  });

  test('has a token that decrypts payloads', async () => {
    const { status, body } = await decode(tokens.access_token);
    expect(status).toBe(200);
    expect(Buffer.from(body.payloads[0].data, 'base64').toString()).toContain('as hot as can be');
  });

  test('has a token that is rejected everywhere else', async () => {
    expect(decodeJwt(tokens.access_token)).toMatchObject({ aud: `${shop.url}/codec`, scope: 'events:read' });
    const { paths } = (await shop.request('GET', '/openapi.json')).body as { paths: Record<string, object> };
    const elsewhere = Object.entries(paths)
      .filter(([path]) => !/^\/(codec|oauth|\.well-known)\//.test(path))
      .flatMap(([path, methods]) => Object.keys(methods).map((method) => [method.toUpperCase(), path] as const));
    expect(elsewhere.length).toBeGreaterThan(20);
    for (const [method, path] of elsewhere) {
      expectProblem(await shop.request(method, path, { as: tokens.access_token }), 'unauthenticated');
    }
  });

  test('has an invalid token after the server has revoked it', async () => {
    const back = await signIn(openUserAgent(shop.url), 'manager@example.com');
    const { access_token: token } = (await exchange({ code: codeIn(back) })).body;
    expect((await decode(token)).status).toBe(200);
    await fetch(`${shop.url}/oauth/revoke`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`temporal-ui:${encodeURIComponent(SECRET)}`).toString('base64')}`,
      },
      body: new URLSearchParams({ token }),
    });
    expectProblem(await decode(token), 'unauthenticated');
  });

  test('gets a new token without signing in again', async () => {
    const agent = openUserAgent(shop.url);
    await signIn(agent, 'manager@example.com');
    expect(codeIn(await agent.open(authorize()))).toEqual(expect.any(String));
  });
});

test('the token and the code of a demoted manager are rejected', async () => {
  const { id, email, password } = await newManager(shop);
  const agent = openUserAgent(shop.url);
  const first = await exchange({ code: codeIn(await signIn(agent, email, password)) });
  expect((await decode(first.body.access_token)).status).toBe(200);
  const code = codeIn(await agent.open(authorize()));

  expect((await shop.request('POST', `/v1/users/${id}/demote`, { as: shop.manager })).status).toBe(200);

  expectProblem(await decode(first.body.access_token), 'forbidden');
  const second = (await exchange({ code })).body;
  expectProblem(await decode(second.access_token), 'forbidden');
  const page = await agent.open(authorize());
  expect([page.status, page.url.origin]).toEqual([403, shop.url]);
});

describe.each(['customer', 'barista'])('A %s in the Temporal Web UI', (role) => {
  test('gets an error, and can sign in as a manager', async () => {
    const agent = openUserAgent(shop.url);
    const page = await signIn(agent, `${role}@example.com`);
    expect([page.status, page.url.origin, codeIn(page)]).toEqual([403, shop.url, null]);
    expect(page.html).toContain('this page is for managers');

    const change = await agent.submit(page, { email: 'manager@example.com', password: 'test' });
    // Ends the user's session first, with a page that submits its form by a script.
    const back = await agent.submit(change, {});
    expect(decodeJwt((await exchange({ code: codeIn(back) })).body.access_token)).toMatchObject({
      sub: decodeJwt(shop.manager).sub,
    });
  });

  test('gets no code for an existing session', async () => {
    const agent = openUserAgent(shop.url);
    await signIn(agent, `${role}@example.com`);
    const again = await agent.open(authorize());
    expect([again.status, codeIn(again)]).toEqual([403, null]);
    const silent = await agent.open(authorize({ prompt: 'none' }));
    expect(silent.url.href).toContain(`${CALLBACK}?error=`);
    expect(codeIn(silent)).toBe(null);
  });

  test('has a token of the API that decrypts nothing', async () => {
    expectProblem(await decode(await shop.signIn(`${role}@example.com`)), 'forbidden');
  });
});

describe('The OAuth2 server rejects', () => {
  test('a wrong client secret', async () => {
    const code = codeIn(await signIn(openUserAgent(shop.url), 'manager@example.com'));
    const answer = await exchange({ code }, `${SECRET}!`);
    expect([answer.status, answer.body.error]).toEqual([401, 'invalid_client']);
  });

  test.each<Record<string, string>>([
    { grant_type: 'client_credentials' },
    { grant_type: 'refresh_token', refresh_token: 'x' },
  ])('other grants: %j', async (parameters) => {
    expect((await exchange(parameters)).body.error).toBe('invalid_request');
  });

  test('a request for a token for the API', async () => {
    const page = await openUserAgent(shop.url).open(authorize({ resource: `${shop.url}/v1` }));
    expect(page.url.searchParams.get('error')).toBe('invalid_target');
  });

  test.each([`${UI}/`, `${CALLBACK}/`, 'https://mallory.example/auth/sso/callback'])(
    'another redirect URI: %s',
    async (redirect_uri) => {
      const page = await openUserAgent(shop.url).open(authorize({ redirect_uri }));
      expect([page.status, page.html.includes('(invalid_redirect_uri)')]).toEqual([400, true]);
    },
  );

  test('another client without PKCE', async () => {
    const page = await openUserAgent(shop.url).open(
      authorize({ client_id: 'crema', redirect_uri: `${shop.url}/docs/oauth2-redirect` }),
    );
    expect(page.url.searchParams.get('error')).toBe('invalid_request');
  });
});
