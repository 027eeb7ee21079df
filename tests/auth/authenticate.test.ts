import { createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import Koa from 'koa';
import { type AuthenticateOptions, createAuthenticate, rejectInvalidCredentials } from '../../api/auth/authenticate.ts';
import { openKeyRing } from '../../api/auth/key-ring.ts';
import { answerProblems } from '../../api/http/middleware/problems.ts';
import { createPages } from '../../api/http/pages/page.ts';
import { createSigningKeyRepository } from '../../db/signing-keys.ts';
import { waitFor } from '../../stack/wait.ts';
import { withClockAhead } from '../moved-clock.ts';
import { type AuthApi, CUSTOMER, MANAGER, openAuthApi, readJson } from './auth-api.ts';
import { openDatabase, type TestDatabase } from './database.ts';

const CALLER_CACHE_MS = 300;

let shop: TestDatabase;
let api: AuthApi;

beforeAll(async () => {
  shop = await openDatabase();
  api = await openAuthApi(shop.database, { callerCacheMs: CALLER_CACHE_MS });
});
afterAll(async () => {
  await api.close();
  await shop.close();
});

async function expectRefused(authorization: string) {
  const { status, headers, body } = await api.who(authorization);
  expect(status).toBe(401);
  expect(headers.get('www-authenticate')).toBe('Bearer realm="crema", error="invalid_token"');
  expect(headers.get('content-type')).toMatch('application/problem+json');
  expect(body).toMatchObject({ status: 401, code: 'unauthenticated' });
  return body;
}

/** Repeats the request until its answer is as expected. Sends the last one after twice the caller cache time. */
async function whoUntil(token: string, satisfied: (answer: Awaited<ReturnType<AuthApi['who']>>) => boolean) {
  const deadline = performance.now() + 2 * CALLER_CACHE_MS;
  for (;;) {
    const isLast = performance.now() > deadline;
    const answer = await api.who(`Bearer ${token}`);
    if (satisfied(answer) || isLast) return answer;
    await new Promise((later) => setTimeout(later, 20));
  }
}

test('identifies the user of a valid token, with name, email address and scopes', async () => {
  const { body } = await api.signIn('customer@example.com');
  expect((await api.who(`Bearer ${body.access_token}`)).body).toEqual({
    type: 'customer',
    id: CUSTOMER,
    name: 'Carlos Customer',
    email: 'customer@example.com',
    scopes: ['orders:read', 'orders:write'],
    actor: { type: 'customer', id: CUSTOMER },
  });
});

test('finds no caller in a request without credentials', async () => {
  const { status, body } = await api.who();
  expect([status, body]).toEqual([200, {}]);
});

test('ignores scopes of a token that the role does not have', async () => {
  const token = await api.forge({ sub: CUSTOMER, scope: 'orders:read users:write admin' });
  expect((await api.who(`Bearer ${token}`)).body.scopes).toEqual(['orders:read']);
});

test('accepts the valid token that the cases below change', async () => {
  expect((await api.who(`Bearer ${await api.forge()}`)).body.id).toBe(MANAGER);
});

test('accepts a token that was issued a few seconds in the future', async () => {
  const soon = Math.floor(Date.now() / 1000) + 5;
  expect((await api.who(`Bearer ${await api.forge({ iat: soon, exp: soon + 600 })}`)).status).toBe(200);
});

describe('rejects a token', () => {
  const past = Math.floor(Date.now() / 1000) - 1;
  test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['without an expiry', { exp: undefined }, {}],
    ['that is not valid yet', { nbf: past + 100 }, {}],
    ['of another issuer', { iss: 'https://mallory.example' }, {}],
    ['for another audience', { aud: 'https://mallory.example/v1' }, {}],
    ['without an audience', { aud: undefined }, {}],
    ['without a subject', { sub: undefined }, {}],
    ['without an id', { jti: undefined }, {}],
    ['without a client id', { client_id: undefined }, {}],
    ['of a user, without a grant', { grant_id: undefined }, {}],
    ['whose grant does not exist', { grant_id: 'gone' }, {}],
    ['whose session does not exist', { sid: 'gone' }, {}],
    ['of a service client that does not exist', { sub: 'crema', client_id: 'crema' }, {}],
    ['with the type of another JWT', {}, { typ: 'logout+jwt' }],
    ['that expired a second ago', { exp: past }, {}],
    ['whose user does not exist', { sub: '0c0ffee0-0000-4000-8000-00000000dead' }, {}],
    ['that is an ID token', {}, { typ: 'JWT' }],
    ['without a type', {}, { typ: undefined }],
    ['with an unknown key id', {}, { kid: 'other' }],
    ['with a file path as key id', {}, { kid: '../../../etc/passwd' }],
    ['without a key id', {}, { kid: undefined }],
    ['whose key id is not a string', {}, { kid: 1 }],
    ['whose key id is a property of every object', {}, { kid: '__proto__' }],
    ['with a critical extension', {}, { crit: ['future'], future: true }],
  ])('%s', async (_, claims, header) => {
    await expectRefused(`Bearer ${await api.forge(claims, header)}`);
  });

  test('without a signature (alg: none)', async () => {
    const [header, claims] = (await api.forge()).split('.');
    const { kid } = JSON.parse(Buffer.from(header!, 'base64url').toString());
    for (const alg of ['none', 'None', 'nOnE']) {
      const unsigned = Buffer.from(JSON.stringify({ alg, typ: 'at+jwt', kid })).toString('base64url');
      await expectRefused(`Bearer ${unsigned}.${claims}.`);
    }
    await expectRefused(`Bearer ${new UnsecuredJWT({ sub: MANAGER }).encode()}`);
  });

  test('signed with HS256 and our public key', async () => {
    const [key] = await createSigningKeyRepository(shop.database).list();
    const { d: _, ...publicJwk } = key!.privateJwk;
    const pem = createPublicKey({ key: publicJwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    const served = await readJson<{ keys: unknown[] }>(`${api.url}/.well-known/jwks.json`);
    for (const secret of [pem.toString(), JSON.stringify(served.keys[0]), String(publicJwk.x)]) {
      const token = await new SignJWT({ iss: api.url, aud: `${api.url}/v1`, sub: MANAGER, exp: past + 100 })
        .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: key!.kid })
        .sign(new TextEncoder().encode(secret));
      await expectRefused(`Bearer ${token}`);
    }
  });

  test('with a key of its own (jwk, jku, x5u)', async () => {
    const [key] = await createSigningKeyRepository(shop.database).list();
    const mallory = await generateKeyPair('ES256', { extractable: true });
    const jwk = await exportJWK(mallory.publicKey);
    for (const kid of [key!.kid, 'mallory']) {
      const token = await new SignJWT({ iss: api.url, aud: `${api.url}/v1`, sub: MANAGER, exp: past + 100 })
        .setProtectedHeader({
          alg: 'ES256',
          typ: 'at+jwt',
          kid,
          jwk,
          jku: 'http://127.0.0.1:1/',
          x5u: 'http://127.0.0.1:1/',
        })
        .sign(mallory.privateKey);
      await expectRefused(`Bearer ${token}`);
    }
  });

  test('with a changed signature or changed claims', async () => {
    const [header, claims, signature] = (await api.forge()).split('.') as [string, string, string];
    const changed = JSON.parse(Buffer.from(claims, 'base64url').toString());
    changed.sub = CUSTOMER;
    const other = Buffer.from(JSON.stringify(changed)).toString('base64url');
    await expectRefused(`Bearer ${header}.${other}.${signature}`);
    await expectRefused(`Bearer ${header}.${claims}.${'A'.repeat(86)}`);
    await expectRefused(`Bearer ${header}.${claims}.`);
  });

  test.each([
    'Bearer',
    'Bearer x',
    'Bearer a.b.c',
    'Bearer a b',
    'Basic Y3JlbWE6',
    'e30.e30.e30',
    'Bearer bnVsbA.bnVsbA.x',
  ])('in the header %p', async (authorization) => {
    await expectRefused(authorization);
  });

  test('and names expiry, but no other fault, in the detail', async () => {
    expect((await expectRefused(`Bearer ${await api.forge({ exp: past })}`)).detail).toBe(
      'The access token has expired.',
    );
    const others = [await api.forge({ iss: 'x' }), await api.forge({}, { typ: 'JWT' }), 'x'];
    for (const token of others) {
      expect((await expectRefused(`Bearer ${token}`)).detail).toBe('The access token is not valid here.');
    }
  });
});

test('rejects a cached token after it has expired', async () => {
  let exp = 0;
  let token = '';
  // On a busy machine, a token may expire before its first use.
  const isAccepted = async () => {
    exp = Math.floor(Date.now() / 1000) + 2;
    token = await api.forge({ exp });
    return (await api.who(`Bearer ${token}`)).status === 200;
  };
  await waitFor('An accepted token', isAccepted, { deadline: 20_000 });
  await new Promise((later) => setTimeout(later, exp * 1000 - Date.now()));
  await expectRefused(`Bearer ${token}`);
});

test('applies a demotion to issued tokens within the caller cache time', async () => {
  const { access_token: token } = (await api.signIn('manager@example.com')).body;
  expect((await api.who(`Bearer ${token}`)).body.type).toBe('manager');
  await shop.database('users').where({ id: MANAGER }).update({ role: 'customer' });
  try {
    const { body } = await whoUntil(token, (answer) => answer.body.type === 'customer');
    expect(body).toMatchObject({ type: 'customer', scopes: ['orders:read', 'orders:write'] });
  } finally {
    await shop.database('users').where({ id: MANAGER }).update({ role: 'manager' });
  }
});

test('caches callers for 30 s by default', async () => {
  const asInProduction = await openAuthApi(shop.database);
  const roleAfter = (seconds: number) =>
    withClockAhead(performance, seconds * 1_000, async () => {
      // The cache looks at the clock once in a millisecond at most.
      await new Promise((later) => setTimeout(later, 20));
      return (await asInProduction.who(`Bearer ${token}`)).body.type;
    });
  const token = (await asInProduction.signIn('manager@example.com')).body.access_token;
  expect(await roleAfter(0)).toBe('manager');
  await shop.database('users').where({ id: MANAGER }).update({ role: 'customer' });
  try {
    expect(await roleAfter(20)).toBe('manager');
    expect(await roleAfter(30.1)).toBe('customer');
  } finally {
    await shop.database('users').where({ id: MANAGER }).update({ role: 'manager' });
    await asInProduction.close();
  }
});

test('rejects tokens of a deleted user within the caller cache time', async () => {
  const id = '0c0ffee0-0000-4000-8000-0000000000fe';
  const passing = { id, email: 'leaving@example.com', name: 'Leaving', role: 'customer', password_hash: 'none' };
  await shop.database('users').insert(passing);
  const token = await api.forge({ sub: id });
  expect((await api.who(`Bearer ${token}`)).status).toBe(200);

  await shop.database('users').where({ id }).delete();

  expect((await whoUntil(token, ({ status }) => status === 401)).status).toBe(401);
});

test('shares one query between concurrent requests of a caller', async () => {
  const token = await api.forge({ sub: CUSTOMER });
  await new Promise((later) => setTimeout(later, CALLER_CACHE_MS + 50));
  let queries = 0;
  const count = ({ sql }: { sql: string }) => {
    if (sql.includes('"users"')) queries += 1;
  };
  shop.database.on('query', count);
  await Promise.all(Array.from({ length: 20 }, () => api.who(`Bearer ${token}`)));
  shop.database.off('query', count);
  expect(queries).toBeLessThanOrEqual(2);
});

const bug = () => Promise.reject(new TypeError('a bug'));

test.each<[string, (options: AuthenticateOptions) => void]>([
  ['finds the key', ({ keyRing }) => Object.assign(keyRing, { verificationKey: bug })],
  ['verifies the claims', (options) => Object.assign(options, { verifyAccessToken: bug })],
])('answers 500 and logs the error if the code that %s fails', async (_, breakOptions) => {
  const options: AuthenticateOptions = {
    audience: `${api.url}/v1`,
    codecAudience: `${api.url}/codec`,
    keyRing: await openKeyRing(createSigningKeyRepository(shop.database)),
    verifyAccessToken: async () => undefined,
    callers: { find: async () => undefined, evict: () => {}, onEvict: () => {} },
    tickets: api.auth.tickets,
  };
  breakOptions(options);
  const logged: unknown[] = [];
  const app = new Koa();
  app.use((ctx, next) => {
    ctx.state = { requestId: 'test', log: { error: ({ err }: { err: unknown }) => logged.push(err) } };
    return next();
  });
  app.use(answerProblems(createPages({ name: 'Crema', language: 'en', app: '/docs' })) as Koa.Middleware);
  app.use(createAuthenticate(options) as Koa.Middleware);
  app.use(rejectInvalidCredentials as Koa.Middleware);
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/who`;

  const answer = await fetch(url, { headers: { authorization: `Bearer ${await api.forge()}`, connection: 'close' } });
  const body = await answer.json();
  server.close();

  expect([answer.status, body]).toMatchObject([500, { code: 'internal' }]);
  expect(logged).toEqual([new TypeError('a bug')]);
});
