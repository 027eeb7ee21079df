import { createServiceClientRepository } from '../../db/service-clients.ts';
import { manage } from '../config/run-command.ts';
import { type AuthApi, openAuthApi } from './auth-api.ts';
import { openDatabase, type TestDatabase } from './database.ts';
import { openApplication, openUserAgent } from './user-agent.ts';

const CALLER_CACHE_MS = 300;

let shop: TestDatabase;
let api: AuthApi;
let kitchen: { id: string; secret: string };

beforeAll(async () => {
  shop = await openDatabase();
  api = await openAuthApi(shop.database, { callerCacheMs: CALLER_CACHE_MS });
  kitchen = (await createServiceClientRepository(shop.database).add('Kitchen', ['orders:read', 'orders:write']))!;
});
afterAll(async () => {
  await api.close();
  await shop.close();
});

const ask = (form: Record<string, string> = {}, headers = {}) =>
  api.post('/oauth/token', { grant_type: 'client_credentials', ...form }, headers);
const post = ({ id, secret } = kitchen) => ({ client_id: id, client_secret: secret });
const basic = ({ id, secret } = kitchen) => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
});

test('returns a token with all granted scopes for a secret in header or form', async () => {
  for (const { status, body, headers } of [await ask({}, basic()), await ask(post())]) {
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(body).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 600,
      scope: 'orders:read orders:write',
    });
    expect((await api.who(`Bearer ${body.access_token}`)).body).toEqual({
      type: 'service',
      id: kitchen.id,
      name: 'Kitchen',
      scopes: ['orders:read', 'orders:write'],
      actor: { type: 'service', id: kitchen.id },
    });
  }
});

test('returns only those requested scopes that the service was granted', async () => {
  expect((await ask({ ...post(), scope: 'orders:read events:read' })).body.scope).toBe('orders:read');
  const { status, body } = await ask({ ...post(), scope: 'events:read' });
  expect([status, body.error]).toEqual([400, 'invalid_scope']);
});

test.each([
  ['a wrong secret', () => post({ ...kitchen, secret: 'wrong' })],
  ['the hash of the secret', () => post({ ...kitchen, secret: storedHash })],
  ['no secret', () => ({ client_id: kitchen.id })],
  ['the id of an unknown service', () => post({ ...kitchen, id: '0193a7e2-6f0c-7c4b-9d58-2b1f4c6e8a10' })],
  ['the name instead of the id', () => post({ ...kitchen, id: 'Kitchen' })],
])('rejects a request with %s', async (_, form) => {
  const { status, body } = await ask(form());
  expect([status, body.error]).toEqual([401, 'invalid_client']);
});
let storedHash: string;
beforeAll(async () => {
  storedHash = (await shop.database('services').where({ id: kitchen.id }).first('secret_hash')).secret_hash;
});

test('stores no secret in plain text', async () => {
  const { rows } = await shop.database.raw('SELECT row_to_json(services)::text AS row FROM services');
  for (const { row } of rows) expect(row).not.toContain(kitchen.secret);
});

test('does not allow a service the password grant or the sign-in page', async () => {
  const password = { grant_type: 'password', username: 'manager@example.com', password: 'test' };
  expect((await ask({ ...post(), ...password })).body.error).toBe('invalid_request');
  const page = await openUserAgent(api.url).open(openApplication(api.url).authorize({ client_id: kitchen.id }));
  expect([page.status, page.html.includes('(invalid_redirect_uri)')]).toEqual([400, true]);
});

test('revokes a token of a service only with its secret', async () => {
  const { access_token: token } = (await ask(post())).body;
  expect((await api.post('/oauth/revoke', { client_id: kitchen.id, token })).status).toBe(401);
  expect((await api.who(`Bearer ${token}`)).status).toBe(200);
  expect((await api.post('/oauth/revoke', { ...post(), token })).status).toBe(200);
  expect((await api.who(`Bearer ${token}`)).status).toBe(401);
});

describe('npm run manage', () => {
  const run = (...args: string[]) => manage({ DATABASE_URL: shop.server.url }, ...args);

  test('adds, lists and removes a service', async () => {
    const added = await run('add-service', 'till-2', '--scopes', 'events:read, orders:read');
    expect(added.code).toBe(0);
    const [, id, secret] = /client_id {6}(\S+)\nclient_secret {2}(\S+)/.exec(added.output)!;
    const { body } = await ask(post({ id: id!, secret: secret! }));
    expect(body.scope).toBe('orders:read events:read');
    expect((await api.who(`Bearer ${body.access_token}`)).body.name).toBe('till-2');

    const listed = await run('list-services');
    expect(listed.output).toMatch(new RegExp(`^${id}  \\d{4}-\\d\\d-\\d\\d  till-2  orders:read events:read$`, 'm'));
    expect(listed.output).not.toContain(secret);

    expect(await run('remove-service', 'till-2')).toMatchObject({ code: 0 });
    expect((await ask(post({ id: id!, secret: secret! }))).status).toBe(401);
    const deadline = performance.now() + 2 * CALLER_CACHE_MS;
    while ((await api.who(`Bearer ${body.access_token}`)).status === 200 && performance.now() < deadline) {
      await new Promise((later) => setTimeout(later, 20));
    }
    expect((await api.who(`Bearer ${body.access_token}`)).status).toBe(401);
  });

  test.each([
    [['add-service', 'Kitchen', '--scopes', 'orders:read'], 'There is a service Kitchen already;'],
    [
      ['add-service', 'x'],
      'Give --scopes one or more of: orders:read orders:write orders:place events:read webhooks:write.',
    ],
    [['add-service', 'x', '--scopes', 'users:write'], 'users:write cannot be granted to a service. Give --scopes'],
    [['add-service', '--scopes', 'orders:read'], 'Give one name:'],
    [['add-service', 'one', 'two', '--scopes', 'orders:read'], 'Give one name:'],
    [['remove-service', 'nobody'], 'There is no service nobody; list-services lists all services.'],
    [['list-services', '--all'], "Unknown option '--all'. Usage: npm run manage -- list-services"],
    [['dance'], 'There is no command dance; npm run manage -- --help lists all commands.'],
  ])('prints one error line for %p', async (args, sentence) => {
    const { code, output } = await run(...args);
    expect(code).toBe(1);
    const lines = output.trim().split('\n');
    expect(lines.filter((line) => !line.startsWith('Using Postgres at '))).toHaveLength(1);
    expect(output).toMatch(sentence);
  });

  test('prints help for all commands, or for one', async () => {
    const help = await run('--help');
    for (const name of ['add-service', 'remove-service', 'list-services', 'rotate-keys']) {
      expect(help.output).toContain(`  npm run manage -- ${name}`);
    }
    expect(await run()).toEqual(help);
    expect(await run('list-services', '--help')).toEqual({ code: 0, output: 'npm run manage -- list-services\n' });
  });
});
