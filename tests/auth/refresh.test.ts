import { decodeJwt, decodeProtectedHeader } from 'jose';
import { type AuthApi, CUSTOMER, MANAGER, openAuthApi } from './auth-api.ts';
import { openDatabase, type TestDatabase } from './database.ts';

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

async function refreshTokenOf(username: string, extra?: Record<string, string>) {
  return (await api.signIn(username, extra)).body.refresh_token;
}

test('returns a JWT access token and a new refresh token', async () => {
  const first = await refreshTokenOf('customer@example.com');

  const { status, headers, body } = await api.refresh(first);

  expect(status).toBe(200);
  expect(headers.get('cache-control')).toBe('no-store');
  expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 600, scope: 'orders:read orders:write' });
  expect(body.refresh_token).not.toBe(first);
  expect(decodeProtectedHeader(body.access_token)).toMatchObject({ alg: 'ES256', typ: 'at+jwt' });
  expect(decodeJwt(body.access_token)).toMatchObject({ sub: CUSTOMER, aud: `${api.url}/v1` });
  expect((await api.who(`Bearer ${body.access_token}`)).body).toMatchObject({ id: CUSTOMER });
});

test('revokes all tokens of a sign-in if a refresh token is reused', async () => {
  const first = await refreshTokenOf('customer@example.com');
  const { refresh_token: second, access_token: access } = (await api.refresh(first)).body;
  expect((await api.who(`Bearer ${access}`)).status).toBe(200);

  const reuse = await api.refresh(first);
  expect([reuse.status, reuse.body.error]).toEqual([400, 'invalid_grant']);

  const successor = await api.refresh(second);
  expect([successor.status, successor.body.error]).toEqual([400, 'invalid_grant']);
  expect((await api.who(`Bearer ${access}`)).status).toBe(401);
});

test('revokes all tokens of a sign-in after twenty concurrent refreshes', async () => {
  const signedIn = (await api.signIn('customer@example.com')).body;
  expect((await api.who(`Bearer ${signedIn.access_token}`)).status).toBe(200);

  const answers = await Promise.all(Array.from({ length: 20 }, () => api.refresh(signedIn.refresh_token)));

  const granted = answers.filter(({ status }) => status === 200);
  expect(granted.length).toBeLessThanOrEqual(1);
  for (const refused of answers.filter(({ status }) => status !== 200)) {
    expect([refused.status, refused.body.error]).toEqual([400, 'invalid_grant']);
  }
  for (const { body } of granted) {
    const next = await api.refresh(body.refresh_token);
    expect([next.status, next.body.error]).toEqual([400, 'invalid_grant']);
  }
  for (const { body } of [...granted, { body: signedIn }]) {
    expect((await api.who(`Bearer ${body.access_token}`)).status).toBe(401);
  }
});

test('keeps the other sign-ins of a user whose refresh token is reused', async () => {
  const [lost, kept] = [await refreshTokenOf('customer@example.com'), await refreshTokenOf('customer@example.com')];
  await api.refresh(lost);
  await api.refresh(lost);
  expect((await api.refresh(kept)).status).toBe(200);
});

test('narrows the scopes of a token, but does not widen them', async () => {
  const token = await refreshTokenOf('manager@example.com', { scope: 'orders:read events:read' });
  const narrowed = await api.refresh(token, { scope: 'events:read' });
  expect(narrowed.body.scope).toBe('events:read');

  const widened = await api.refresh(narrowed.body.refresh_token, { scope: 'users:write' });
  expect([widened.status, widened.body.error]).toEqual([400, 'invalid_scope']);
});

test('returns the scopes of a customer after a demotion', async () => {
  const token = await refreshTokenOf('manager@example.com');
  await shop.database('users').where({ id: MANAGER }).update({ role: 'customer' });
  try {
    const { status, body } = await api.refresh(token);
    expect(status).toBe(200);
    expect(body.scope).toBe('orders:read orders:write');
    expect(decodeJwt(body.access_token).scope).toBe('orders:read orders:write');
  } finally {
    await shop.database('users').where({ id: MANAGER }).update({ role: 'manager' });
  }
});

test('does not add scopes to an old sign-in after a promotion', async () => {
  const token = await refreshTokenOf('customer@example.com');
  await shop.database('users').where({ id: CUSTOMER }).update({ role: 'manager' });
  try {
    expect((await api.refresh(token)).body.scope).toBe('orders:read orders:write');
  } finally {
    await shop.database('users').where({ id: CUSTOMER }).update({ role: 'customer' });
  }
});

test('rejects the refresh token of a deleted user, and keeps no artifacts', async () => {
  const id = '0c0ffee0-0000-4000-8000-0000000000ff';
  const { password_hash } = await shop.database('users').where({ id: CUSTOMER }).first('password_hash');
  const passing = { id, email: 'passing@example.com', name: 'Passing', role: 'customer', password_hash };
  await shop.database('users').insert(passing);
  const token = await refreshTokenOf('passing@example.com');

  await shop.database('users').where({ id }).delete();

  const { status, body } = await api.refresh(token);
  expect([status, body.error]).toEqual([400, 'invalid_grant']);
  expect(await shop.database('oidc_artifacts').where({ account_id: id })).toEqual([]);
});

test('rejects a revoked refresh token', async () => {
  const token = await refreshTokenOf('customer@example.com');
  const revoked = await api.post('/oauth/revoke', { client_id: 'crema', token });
  expect(revoked.status).toBe(200);
  expect((await api.refresh(token)).body.error).toBe('invalid_grant');
});

test('rejects a refresh token after 14 days', async () => {
  const token = await refreshTokenOf('customer@example.com');
  const kept = shop.database('oidc_artifacts').where({ kind: 'RefreshToken', account_id: CUSTOMER });
  const { payload, expires_at } = await kept.clone().orderBy('expires_at', 'desc').first();
  expect(payload.exp - payload.iat).toBe(14 * 24 * 3600);
  expect(Math.abs(expires_at.getTime() / 1000 - payload.exp)).toBeLessThan(5);

  await kept.clone().update({ expires_at: new Date(Date.now() - 1) });

  expect((await api.refresh(token)).body.error).toBe('invalid_grant');
});

test('answers invalid_grant to an unknown token', async () => {
  for (const token of ['nothing', '\0', 'x'.repeat(10_000)]) {
    const { status, body } = await api.refresh(token);
    expect([status, body.error]).toEqual([400, 'invalid_grant']);
  }
});

test('stores no refresh token in plain text', async () => {
  const token = await refreshTokenOf('customer@example.com');
  const { rows } = await shop.database.raw('SELECT row_to_json(oidc_artifacts)::text AS row FROM oidc_artifacts');
  expect(rows.length).toBeGreaterThan(0);
  for (const { row } of rows) expect(row).not.toContain(token);
});
