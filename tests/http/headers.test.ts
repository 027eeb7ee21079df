import { readFileSync } from 'node:fs';
import { secureAnswers } from '../../api/http/middleware/security-headers.ts';
import { createLogger, type Logger } from '../../config/logger.ts';
import { waitFor } from '../../stack/wait.ts';
import { openShop, type Shop } from '../shop.ts';
import { send } from './wire.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ worker: false });
}, 60_000);
afterAll(() => shop?.close());

const headersOf = async (path: string, method = 'GET', as?: string) =>
  (await shop.request(method, path, as ? { as } : {})).headers;

test.each([
  ['the menu', 'GET', '/v1/catalog'],
  ['a response without a token', 'GET', '/v1/orders'],
  ['an unknown path', 'GET', '/nowhere'],
  ['a method that is not allowed', 'DELETE', '/v1/orders'],
  ['a sign-in without a form', 'POST', '/oauth/token'],
  ['an invalid OAuth2 request', 'GET', '/oauth/authorize'],
  ['the keys', 'GET', '/.well-known/jwks.json'],
  ['the docs page', 'GET', '/docs'],
  ['the storefront', 'GET', '/'],
  ['the board', 'GET', '/board'],
  ['the health check', 'GET', '/health/ready'],
  ['the metrics', 'GET', '/metrics'],
])('sends strict security headers with %s', async (_, method, path) => {
  const headers = await headersOf(path, method);
  expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'.*frame-ancestors 'none'/);
  expect(headers.get('content-security-policy')).not.toContain('unsafe');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('referrer-policy')).toBe('no-referrer');
  expect(headers.get('permissions-policy')).toContain('camera=()');
  expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
  expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
  // HSTS on an http address would lock clients out.
  expect(headers.get('strict-transport-security')).toBeNull();
});

test('sends HSTS if the public URL is https', () => {
  const set: Record<string, string>[] = [];
  const setHeaders = (headers: Map<string, string>) => set.push(Object.fromEntries(headers));
  secureAnswers(true)({ res: { setHeaders } } as never, async () => {});
  expect(set).toEqual([expect.objectContaining({ 'strict-transport-security': 'max-age=31536000' })]);
});

test('forbids caching of personal responses and allows revalidation of the menu', async () => {
  const order = (await shop.place()).body.id;
  for (const path of ['/v1/me', '/v1/orders', `/v1/orders/${order}`, `/v1/orders/${order}/timeline`, '/v1/nowhere']) {
    expect([path, (await headersOf(path, 'GET', shop.customer)).get('cache-control')]).toEqual([path, 'no-store']);
  }
  const form = { grant_type: 'password', client_id: 'crema', username: 'customer@example.com', password: 'test' };
  for (const password of ['test', 'wrong']) {
    const body = new URLSearchParams({ ...form, password });
    const { headers } = await fetch(`${shop.url}/oauth/token`, { method: 'POST', body });
    expect([password, headers.get('cache-control')]).toEqual([password, 'no-store']);
  }
  expect((await headersOf('/v1/catalog')).get('cache-control')).toBe('no-cache');
});

const logOf = ({ api }: Shop) => readFileSync(api.log, 'utf8');

test('logs the paths of requests without the secrets in them', async () => {
  const token = shop.customer;
  const id = 'a-request-to-find-again';
  const username = 'nora+latte@example.com';
  const form = { grant_type: 'password', client_id: 'crema', username, password: 'correct horse' };
  await fetch(`${shop.url}/oauth/token?ticket=t-secret&code=c-secret`, {
    method: 'POST',
    body: new URLSearchParams(form),
    headers: { cookie: 'session=s-secret' },
  });
  await shop.request('GET', `/v1/orders?ticket=t-secret&token=${token}`, { as: token });
  await send(shop, 'GET', `/v1/users/${encodeURIComponent(username)}`, {
    authorization: `Bearer ${token}`,
    'x-request-id': id,
  });
  await waitFor('The log', () => logOf(shop).includes(id), { deadline: 20_000 });

  const log = logOf(shop);
  expect(log).toContain('"path":"/oauth/token"');
  expect(log).toContain('"path":"/v1/users/[email]"');
  for (const secret of ['t-secret', 'c-secret', 's-secret', 'correct', token, 'nora', '@example.com', '%40']) {
    expect([secret, log.includes(secret)]).toEqual([secret, false]);
  }
});

test('redacts secrets that code logs by mistake and keeps each line valid JSON', () => {
  const lines = linesOf((log) => {
    const headers = { authorization: 'Basic Y3JlbWE6', cookie: 'a="b"', 'set-cookie': ['a=s-1', 'b=s-2'] };
    log.info({ request: { headers, body: { password: 's-"3', refresh_token: 's-4' } } }, 'asked');
    log.warn({ err: new Error('duplicate key\n(nora@example.com) for Bearer s-5.s-6') }, '/events?x=1&ticket=s-7');
    log.warn({ stack: 'at node_modules/@koa/router/dist/index.js:1', database: 'db@127.0.0.1' }, 'eyJhbGci.s-8.s-9');
  });
  expect(lines.join('\n')).not.toMatch(/s-\d|s-"|Y3Jl|nora/);
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({ msg: 'asked' }),
    expect.objectContaining({ msg: '/events?x=1&ticket=[redacted]' }),
    expect.objectContaining({ stack: 'at node_modules/@koa/router/dist/index.js:1', database: 'db@127.0.0.1' }),
  ]);
});

/** Returns the lines that a logger writes. */
function linesOf(work: (log: Logger) => void): string[] {
  const written: string[] = [];
  work(createLogger('test', 'info', { write: (line) => void written.push(line.trimEnd()) }));
  return written;
}
