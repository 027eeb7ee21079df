import { request } from 'node:http';
import { createLocalJWKSet, errors, type JSONWebKeySet, jwtVerify } from 'jose';
import { openKeyRing } from '../../api/auth/key-ring.ts';
import { createSigningKeyRepository } from '../../db/signing-keys.ts';
import { scopesOf, serviceScopes } from '../../domain/scopes.ts';
import { withClockAhead } from '../moved-clock.ts';
import { openAuthApi, readJson } from './auth-api.ts';
import { openDatabase, type TestDatabase } from './database.ts';

let shop: TestDatabase;

beforeAll(async () => {
  shop = await openDatabase();
});
afterAll(() => shop.close());

test('creates the same two keys for processes that start concurrently in a new shop', async () => {
  const repositories = Array.from({ length: 6 }, () => createSigningKeyRepository(shop.connectAgain()));

  const rings = await Promise.all(repositories.map((repository) => openKeyRing(repository)));

  expect(await createSigningKeyRepository(shop.database).list()).toHaveLength(2);
  expect(new Set(rings.map(({ signing }) => JSON.stringify(signing))).size).toBe(1);
  expect(new Set(rings.map(({ cookies }) => JSON.stringify(cookies))).size).toBe(1);
});

test('accepts a token that another process has signed', async () => {
  const [one, other] = [await openAuthApi(shop.database), await openAuthApi(shop.connectAgain())];
  const token = await one.forge({ iss: other.url, aud: `${other.url}/v1` });
  expect((await other.who(`Bearer ${token}`)).status).toBe(200);
  await Promise.all([one.close(), other.close()]);
});

test('publishes discovery and public keys that verify our tokens', async () => {
  const api = await openAuthApi(shop.database);

  const discovery = await readJson<Record<'issuer' | 'jwks_uri', string>>(
    `${api.url}/.well-known/openid-configuration`,
  );
  expect(discovery).toMatchObject({
    issuer: api.url,
    token_endpoint: `${api.url}/oauth/token`,
    revocation_endpoint: `${api.url}/oauth/revoke`,
    jwks_uri: `${api.url}/.well-known/jwks.json`,
    authorization_endpoint: `${api.url}/oauth/authorize`,
    end_session_endpoint: `${api.url}/oauth/logout`,
    grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials', 'password'],
    scopes_supported: ['openid', ...scopesOf('manager'), 'orders:place'],
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['none', 'client_secret_basic', 'client_secret_post'],
    id_token_signing_alg_values_supported: ['ES256'],
  });
  expect(discovery).toMatchObject({
    scopes_supported: expect.arrayContaining([...serviceScopes, ...scopesOf('customer'), 'availability:write']),
  });
  expect(await readJson(`${api.url}/.well-known/oauth-authorization-server`)).toEqual(discovery);

  const jwks = await readJson<JSONWebKeySet>(discovery.jwks_uri);
  expect(jwks.keys).toHaveLength(2);
  for (const key of jwks.keys) expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);

  const { access_token: token } = (await api.signIn('manager@example.com')).body;
  const verified = await jwtVerify(token, createLocalJWKSet(jwks), {
    issuer: discovery.issuer,
    audience: `${api.url}/v1`,
    typ: 'at+jwt',
    algorithms: ['ES256'],
  });
  expect(verified.payload.client_id).toBe('crema');
  await api.close();
});

test('ignores a forged Host header in discovery', async () => {
  const api = await openAuthApi(shop.database);
  const body = await new Promise<string>((resolve, reject) => {
    const options = { headers: { host: 'mallory.example' } };
    request(`${api.url}/.well-known/openid-configuration`, options, async (answer) => {
      resolve((await answer.toArray()).join(''));
    })
      .on('error', reject)
      .end();
  });
  expect(body).not.toContain('mallory');
  await api.close();
});

test('reads the keys again for an unknown key id, at a limited rate', async () => {
  const repository = createSigningKeyRepository(shop.database);
  let reads = 0;
  const counted = {
    ...repository,
    list() {
      reads += 1;
      return repository.list();
    },
  };
  const ring = await openKeyRing(counted, 60_000);
  const { privateJwk } = (await repository.list())[0]!;
  await shop.database('signing_keys').insert({ kid: 'newer', private_jwk: JSON.stringify(privateJwk) });

  await expect(ring.verificationKey({ kid: 'newer' })).rejects.toThrow(errors.JWKSNoMatchingKey);
  expect(reads).toBe(0);
  await withClockAhead(performance, 60_000, async () => {
    const found = await Promise.all(Array.from({ length: 10 }, () => ring.verificationKey({ kid: 'newer' })));
    for (const key of found) expect(key.type).toBe('public');
    for (const kid of ['a', 'b', 'c']) {
      await expect(ring.verificationKey({ kid })).rejects.toThrow(errors.JWKSNoMatchingKey);
    }
  });
  expect(reads).toBe(1);

  await shop.database('signing_keys').where({ kid: 'newer' }).delete();
});
