import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { openShop, type Shop } from '../shop.ts';

const OURS = 'https://counter.example';
const FOREIGN = 'https://mallory.example';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ worker: false, environment: { CORS_ORIGINS: `${OURS}, http://localhost:3000` } });
}, 60_000);
afterAll(() => shop?.close());

/** Sends the preflight request of a page of that origin. */
const preflight = (path: string, origin: string, method = 'POST') =>
  fetch(`${shop.url}${path}`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': method,
      'access-control-request-headers': 'authorization,content-type,idempotency-key',
    },
  });

/** Returns the CORS headers of a response. */
const permissions = ({ headers }: { headers: Headers }) =>
  [...headers.keys()].filter((name) => name.startsWith('access-control-'));

const listed = (text: string | null) => text?.toLowerCase().split(',') ?? [];

test.each(['/v1/orders', '/oauth/token', '/.well-known/jwks.json', '/nowhere'])(
  'answers the preflight of a listed origin for %s, without allowing cookies',
  async (path) => {
    const answer = await preflight(path, OURS);
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-origin')).toBe(OURS);
    expect(listed(answer.headers.get('access-control-allow-methods'))).toEqual(
      expect.arrayContaining(['post', 'patch', 'delete']),
    );
    expect(listed(answer.headers.get('access-control-allow-headers'))).toEqual(
      expect.arrayContaining(['authorization', 'content-type', 'idempotency-key', 'if-match', 'prefer']),
    );
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    expect(answer.headers.get('vary')).toMatch(/origin/i);
  },
);

test('lets a page of a listed origin place an order and read the response headers', async () => {
  const { status, headers } = await shop.place({ headers: { origin: OURS } });
  expect([status, headers.get('access-control-allow-origin')]).toEqual([201, OURS]);
  const exposed = listed(headers.get('access-control-expose-headers'));
  const wanted = ['etag', 'location', 'ratelimit', 'ratelimit-policy', 'retry-after', 'idempotency-replayed'];
  expect(exposed).toEqual(expect.arrayContaining([...wanted, 'idempotency-key', 'preference-applied', 'x-request-id']));
});

test.each([
  ['a stream is read by fetch', 'GET', '/v1/orders/events', 'authorization,cache-control,last-event-id'],
  ['an order is changed', 'PATCH', '/v1/orders/x', 'authorization,content-type,idempotency-key,if-match,prefer'],
  ['an order is read again', 'GET', '/v1/orders/x', 'authorization,if-none-match,x-request-id'],
])('allows all request headers that a page needs if %s', async (_, method, path, headers) => {
  const allowed = listed((await preflight(path, OURS, method)).headers.get('access-control-allow-headers'));
  expect(allowed).toEqual(expect.arrayContaining(headers.split(',')));
});

interface Described {
  paths: Record<string, Record<string, { parameters?: { in: string; name: string }[]; responses: object }>>;
  components: { responses: Record<string, { headers?: object }> };
}

test('lets listed origins send and read every header of the OpenAPI document', async () => {
  const { paths, components } = parse(readFileSync('openapi.yaml', 'utf8')) as Described;
  const operations = Object.values(paths).flatMap((path) => Object.values(path));
  const sent = operations.flatMap(({ parameters = [] }) => parameters.filter((each) => each.in === 'header'));
  const responses = operations.flatMap(({ responses }) => Object.values(responses) as { headers?: object }[]);
  const answered = [...responses, ...Object.values(components.responses)].flatMap(({ headers = {} }) =>
    Object.keys(headers),
  );
  const lower = (names: string[]) => [...new Set(names.map((name) => name.toLowerCase()))];
  const { headers } = await preflight('/v1/orders', OURS);
  const allowed = listed(headers.get('access-control-allow-headers'));
  const exposed = listed(
    (await shop.request('GET', '/v1/catalog', { headers: { origin: OURS } })).headers.get(
      'access-control-expose-headers',
    ),
  );

  expect(sent.length).toBeGreaterThan(0);
  expect(allowed).toEqual(expect.arrayContaining(lower(sent.map(({ name }) => name))));
  expect(exposed).toEqual(expect.arrayContaining(lower(answered)));
  for (const names of [allowed, exposed]) expect(names).toEqual(lower(names));
});

test.each([
  ['a missing token', '/v1/orders', 401],
  ['an unknown path', '/v1/nowhere', 404],
  ['an OAuth2 error', '/oauth/token', 405],
])('lets a page of a listed origin read errors: %s', async (_, path, status) => {
  const answer = await shop.request('GET', path, { headers: { origin: OURS } });
  expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([status, OURS]);
  expect(answer.headers.get('vary')).toMatch(/origin/i);
});

test('lets a page of a listed origin get tokens with a password or a refresh token', async () => {
  const post = (form: Record<string, string>) =>
    fetch(`${shop.url}/oauth/token`, {
      method: 'POST',
      headers: { origin: OURS },
      body: new URLSearchParams({ client_id: 'crema', ...form }),
    });
  const first = await post({ grant_type: 'password', username: 'customer@example.com', password: 'test' });
  expect([first.status, first.headers.get('access-control-allow-origin')]).toEqual([200, OURS]);
  const { refresh_token } = (await first.json()) as { refresh_token: string };
  const second = await post({ grant_type: 'refresh_token', refresh_token });
  expect([second.status, second.headers.get('access-control-allow-origin')]).toEqual([200, OURS]);
});

test.each([
  FOREIGN,
  'null',
  `${OURS}.mallory.example`,
  OURS.replace('https', 'http'),
  `${OURS}:8443`,
  'http://localhost:3001',
])('sends no CORS headers to a page of %s', async (origin) => {
  for (const path of ['/v1/orders', '/v1/catalog', '/oauth/token', '/.well-known/jwks.json', '/docs']) {
    const answers = await Promise.all([
      preflight(path, origin),
      shop.request('GET', path, { headers: { origin } }),
      shop.request('POST', path, { headers: { origin } }),
    ]);
    expect([path, ...answers.flatMap(permissions)]).toEqual([path]);
    for (const { headers } of answers) expect(headers.get('vary')).toMatch(/origin/i);
  }
});

test('does not let a page of another origin read a token', async () => {
  const form = { grant_type: 'password', client_id: 'crema', username: 'customer@example.com', password: 'test' };
  const answer = await fetch(`${shop.url}/oauth/token`, {
    method: 'POST',
    headers: { origin: FOREIGN },
    body: new URLSearchParams(form),
  });
  expect([answer.status, permissions(answer)]).toEqual([400, []]);
  expect(await answer.text()).not.toContain('access_token');
});
