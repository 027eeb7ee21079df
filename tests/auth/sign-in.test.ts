import { decodeJwt, decodeProtectedHeader } from 'jose';
import { type AuthApi, CUSTOMER, MANAGER, openAuthApi, readJson } from './auth-api.ts';
import { openDatabase, type TestDatabase } from './database.ts';

const EVERYTHING = 'orders:read orders:write availability:write catalog:write users:write events:read webhooks:write';

let shop: TestDatabase;
let api: AuthApi;

beforeAll(async () => {
  shop = await openDatabase();
  api = await openAuthApi(shop.database);
});
afterAll(async () => {
  await api.close();
  await shop.close();
});

const errorOf = async (answer: Response) => ((await answer.json()) as { error: string }).error;

describe('the password grant', () => {
  test('returns a bearer token with all scopes of a manager', async () => {
    const { status, headers, body } = await api.signIn('manager@example.com');

    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 600,
      refresh_token: expect.any(String),
      scope: EVERYTHING,
    });
  });

  test('returns a JWT access token (RFC 9068) with the scopes of a customer', async () => {
    const { access_token: token } = (await api.signIn('customer@example.com')).body;

    expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: expect.any(String) });
    const claims = decodeJwt(token);
    expect(claims).toEqual({
      iss: api.url,
      aud: `${api.url}/v1`,
      sub: CUSTOMER,
      client_id: 'crema',
      grant_id: expect.any(String),
      scope: 'orders:read orders:write',
      jti: expect.any(String),
      iat: expect.any(Number),
      exp: claims.iat! + 600,
    });
  });

  test('ignores the case of the email address', async () => {
    const { body } = await api.signIn('Manager@EXAMPLE.com');
    expect(decodeJwt(body.access_token).sub).toBe(MANAGER);
  });

  test('answers a wrong password and an unknown user with the same invalid_grant', async () => {
    const wrong = await api.signIn('manager@example.com', { password: 'Test' });
    const unknown = await api.signIn('nobody@example.com');
    const impossible = await api.signIn('man\0ager@example.com');

    expect(wrong.status).toBe(400);
    expect(wrong.headers.get('cache-control')).toBe('no-store');
    expect(wrong.body).toEqual({
      error: 'invalid_grant',
      error_description: 'The email address or the password is wrong.',
    });
    for (const other of [unknown, impossible]) {
      expect([other.status, other.body]).toEqual([wrong.status, wrong.body]);
    }
  });

  test('takes as long to reject an unknown user as a known one', async () => {
    const measure = async (username: string) => {
      const start = performance.now();
      await api.signIn(username, { password: 'wrong' });
      return performance.now() - start;
    };
    const known: number[] = [];
    const unknown: number[] = [];
    for (let round = 0; round < 15; round++) {
      known.push(await measure('manager@example.com'));
      unknown.push(await measure('nobody@example.com'));
    }
    const median = (times: number[]) => times.toSorted((a, b) => a - b)[7]!;
    // Without a hash for unknown users, this ratio is a tenth.
    expect(median(unknown) / median(known)).toBeGreaterThan(0.6);
    expect(median(unknown) / median(known)).toBeLessThan(1.6);
  });

  test('returns only those requested scopes that the role allows', async () => {
    const narrow = await api.signIn('manager@example.com', { scope: 'orders:read catalog:write' });
    expect(narrow.body.scope).toBe('orders:read catalog:write');
    expect(decodeJwt(narrow.body.access_token).scope).toBe('orders:read catalog:write');

    const wide = await api.signIn('customer@example.com', { scope: 'orders:read users:write openid' });
    expect(wide.body.scope).toBe('orders:read');
  });

  test('answers invalid_scope if no requested scope is allowed', async () => {
    const { status, body } = await api.signIn('customer@example.com', { scope: 'users:write' });
    expect(status).toBe(400);
    expect(body.error).toBe('invalid_scope');
  });

  test.each([
    ['no password', { password: '' }, 400, 'invalid_request'],
    ['no client', { client_id: '' }, 400, 'invalid_request'],
    ['an unknown client', { client_id: 'mallory' }, 401, 'invalid_client'],
    ['a client with a NUL', { client_id: '\0' }, 401, 'invalid_client'],
    ['an unsupported grant', { grant_type: 'implicit' }, 400, 'unsupported_grant_type'],
    ['the grant of services', { grant_type: 'client_credentials' }, 400, 'invalid_request'],
    ['a secret for a client that has none', { client_secret: 'x' }, 401, 'invalid_client'],
    ['a scope with line breaks', { scope: 'a\nb' }, 400, 'invalid_scope'],
  ])('rejects a request with %s as RFC 6749 requires', async (_, extra, status, error) => {
    const answer = await api.signIn('manager@example.com', extra);
    expect(answer.status).toBe(status);
    expect(answer.body.error).toBe(error);
  });

  test('answers invalid_request to a body that is JSON or too large', async () => {
    const json = await fetch(`${api.url}/oauth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect([json.status, await errorOf(json)]).toEqual([400, 'invalid_request']);

    const large = await api.signIn('x'.repeat(100_000));
    expect([large.status, large.body.error]).toEqual([400, 'invalid_request']);
  });

  test('is neither accepted nor in the discovery document if it is disabled', async () => {
    const closed = await openAuthApi(shop.database, { passwordGrant: false });

    const { status, body } = await closed.signIn('manager@example.com');
    expect([status, body.error]).toEqual([400, 'unsupported_grant_type']);
    const discovery = await readJson(`${closed.url}/.well-known/openid-configuration`);
    expect(discovery.grant_types_supported).not.toContain('password');

    await closed.close();
  });
});

describe('the OAuth2 endpoints', () => {
  test('accept a sign-in only from pages of the own origin', async () => {
    const ours = await fetch(`${api.url}/oauth/token`, {
      method: 'POST',
      headers: { origin: api.url },
      body: new URLSearchParams({
        grant_type: 'password',
        client_id: 'crema',
        username: 'manager@example.com',
        password: 'test',
      }),
    });
    expect(ours.status).toBe(200);
    expect(ours.headers.get('access-control-allow-origin')).toBe(api.url);

    const foreign = await api.post(
      '/oauth/token',
      { grant_type: 'password', client_id: 'crema', username: 'manager@example.com', password: 'test' },
      { origin: 'https://mallory.example' },
    );
    expect(foreign.status).toBe(400);
    expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
  });

  test('answer preflight requests of any origin', async () => {
    const headers = { origin: 'https://elsewhere.example', 'access-control-request-method': 'GET' };
    for (const path of ['/oauth/token', '/.well-known/openid-configuration', '/.well-known/jwks.json']) {
      const { status } = await fetch(api.url + path, { method: 'OPTIONS', headers });
      expect([path, status]).toEqual([path, 204]);
    }
  });

  test('return errors of the token endpoint as JSON even if HTML is preferred', async () => {
    const form = { grant_type: 'password', client_id: 'crema' };
    const { status, headers, body } = await api.post('/oauth/token', form, { accept: 'text/html' });
    expect(status).toBe(400);
    expect(headers.get('content-type')).toMatch('application/json');
    expect(body.error).toBe('invalid_request');
  });

  test('answer an unknown path or method with the JSON of RFC 6749', async () => {
    const unknown = await fetch(`${api.url}/oauth/introspect`);
    expect([unknown.status, await errorOf(unknown)]).toEqual([404, 'invalid_request']);

    const get = await fetch(`${api.url}/oauth/token`);
    expect([get.status, await errorOf(get)]).toEqual([405, 'invalid_request']);
    expect(get.headers.get('allow')).toBe('POST, OPTIONS');
  });
});
