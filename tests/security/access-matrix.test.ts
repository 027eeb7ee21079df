import { randomUUID } from 'node:crypto';
import { decodeJwt } from 'jose';
import { snsMessage } from '../../api/notifications/schemas.ts';
import { type Scope, serviceScopes } from '../../domain/scopes.ts';
import { waitFor } from '../../stack/wait.ts';
import { submitOnce } from '../accounts/mailbox.ts';
import { openAuthApi } from '../auth/auth-api.ts';
import { newCustomer, newManager, newService } from '../http/people.ts';
import { expectProblem } from '../http/problem.ts';
import { type Answer, openShop, type RequestOptions, retryWhileUnavailable, type Shop } from '../shop.ts';
import { follow } from '../streams/event-stream.ts';
import { usd } from '../usd.ts';
import { type Receiver, startReceiver } from '../webhooks/receiver.ts';
import { fingerprints } from './tables.ts';

/**
 * The response for each kind of caller: `yes` is the response of the row. The owner is a customer. The demoted manager is a
 * customer with the token of a manager. An invalid token is rejected even on routes without a token. The OAuth2 server ignores
 * access tokens: its clients authenticate differently, and its documents are public.
 */
const WHO_MAY = `
                      nobody  owner  other  barista  manager  demoted  service  expired  revoked
  anyone              yes     yes    yes    yes      yes      yes      yes      401      401
  any reader          yes     yes    yes    yes      yes      yes      yes      yes      yes
  any client          yes     400    400    400      400      400      400      400      400
  people              401     yes    yes    yes      yes      yes      403      401      401
  managers            401     403    403    403      yes      403      403      401      401
  baristas, managers  401     403    403    yes      yes      403      403      401      401
  customers, staff    401     yes    yes    yes      yes      yes      yes      401      401
  staff               401     403    403    yes      yes      403      yes      401      401
  owner               401     yes    404    403      403      404      403      401      401
  owner, staff        401     yes    404    yes      yes      404      yes      401      401
`;

interface Row {
  /** A line of {@link WHO_MAY}. */
  who: string;
  /** Callers without this scope, or one of these, get a 403. */
  scope?: Scope | Scope[];
  /** The scope that services need. Default: `scope`. */
  serviceScope?: Scope;
  /** The response to an allowed caller: a status, or a problem that is reported after the access check. */
  answers: number | 'wrong_password' | 'invalid_link' | 'not_found';
  /** A valid JSON body, which would change something. */
  body?: (target: Record<string, string>) => unknown;
  /** Whether the route accepts staff too, for other orders than those of the test. */
  acceptsStaff?: true;
  /** A valid form. */
  form?: Record<string, string>;
  /** Whether the response is an event stream. */
  streams?: true;
}

const place = { who: 'customers, staff', serviceScope: 'orders:place', body: () => ({ lines: [tea] }) } as const;
const manage = { who: 'managers', scope: 'catalog:write' } as const;
const serve = {
  who: 'baristas, managers',
  scope: ['catalog:write', 'availability:write'] as Scope[],
  answers: 200,
  body: () => ({ available: false }),
};
const listen = { scope: 'orders:read', serviceScope: 'events:read' } as const;
const look = { who: 'managers', scope: 'users:write' } as const;
const inspect = {
  who: 'managers',
  scope: 'events:read',
  answers: 200,
  body: () => ({ payloads: [{ data: '' }] }),
} as const;
const hook = { who: 'managers', scope: 'webhooks:write' } as const;
/** Accepts every delivery: failed deliveries would change the webhook. */
let endpoint: Receiver;
const PASSWORD = 'seven violins in the rain';
const someone = () => ({ email: `${randomUUID()}@example.com`, name: 'Nora Newcomer' });
const noLink = 'A'.repeat(43);
let tea: unknown;

const rows: Record<string, Row> = {
  'GET /v1/catalog': { who: 'anyone', answers: 200 },
  'POST /v1/orders': { ...place, scope: 'orders:write', answers: 201 },
  'GET /v1/orders': { who: 'customers, staff', scope: 'orders:read', answers: 200 },
  'POST /v1/orders/quote': { ...place, scope: 'orders:read', answers: 200 },
  'GET /v1/orders/{id}': { who: 'owner, staff', scope: 'orders:read', answers: 200 },
  'PATCH /v1/orders/{id}': {
    who: 'owner',
    scope: 'orders:write',
    answers: 200,
    body: () => ({ note: 'No sugar' }),
    acceptsStaff: true,
  },
  'POST /v1/orders/{id}/status': {
    who: 'staff',
    scope: 'orders:write',
    answers: 200,
    body: () => ({ status: 'preparation' }),
  },
  'POST /v1/orders/{id}/cancel': { who: 'owner, staff', scope: 'orders:write', answers: 200, body: () => ({}) },
  'GET /v1/orders/{id}/timeline': { who: 'owner, staff', scope: 'orders:read', answers: 200 },
  'GET /v1/orders/{id}/follow-link': { who: 'owner, staff', scope: 'orders:read', answers: 200 },
  'GET /v1/orders/events': {
    who: 'staff',
    scope: ['orders:read', 'events:read'],
    serviceScope: 'events:read',
    answers: 200,
    streams: true,
  },
  'GET /v1/orders/{id}/events': { who: 'owner, staff', ...listen, answers: 200, streams: true },
  'POST /v1/stream-tickets': {
    who: 'owner, staff',
    ...listen,
    answers: 201,
    body: ({ id: orderId }) => ({ orderId }),
  },
  'POST /v1/orders/{id}/notifications/{deliveryId}/resend': {
    who: 'managers',
    scope: 'orders:write',
    answers: 'not_found',
  },
  'GET /v1/products': { ...manage, answers: 200 },
  'POST /v1/products': { ...manage, answers: 201, body: () => ({ name: randomUUID(), basePrice: usd(420) }) },
  'GET /v1/products/{id}': { ...manage, answers: 200 },
  'PATCH /v1/products/{id}': serve,
  'DELETE /v1/products/{id}': { ...manage, answers: 204 },
  'POST /v1/products/{id}/restore': { ...manage, answers: 200 },
  'POST /v1/products/{id}/variations': {
    ...manage,
    answers: 201,
    body: () => ({ name: randomUUID(), priceDelta: usd(0) }),
  },
  'PATCH /v1/products/{id}/variations/{variationId}': serve,
  'DELETE /v1/products/{id}/variations/{variationId}': { ...manage, answers: 200 },
  'POST /v1/products/{id}/variations/{variationId}/restore': { ...manage, answers: 200 },
  'GET /v1/option-groups': { ...manage, answers: 200 },
  'POST /v1/option-groups': { ...manage, answers: 201, body: () => ({ name: randomUUID() }) },
  'GET /v1/option-groups/{id}': { ...manage, answers: 200 },
  'PATCH /v1/option-groups/{id}': { ...manage, answers: 200, body: () => ({ max: 2 }) },
  'DELETE /v1/option-groups/{id}': { ...manage, answers: 204 },
  'POST /v1/option-groups/{id}/restore': { ...manage, answers: 200 },
  'POST /v1/option-groups/{id}/options': {
    ...manage,
    answers: 201,
    body: () => ({ name: randomUUID(), priceDelta: usd(0) }),
  },
  'PATCH /v1/option-groups/{id}/options/{optionId}': serve,
  'DELETE /v1/option-groups/{id}/options/{optionId}': { ...manage, answers: 200 },
  'POST /v1/option-groups/{id}/options/{optionId}/restore': { ...manage, answers: 200 },
  'GET /v1/me': { who: 'people', answers: 200 },
  'PATCH /v1/me': { who: 'people', answers: 200, body: () => ({ name: randomUUID() }) },
  'DELETE /v1/me': { who: 'people', answers: 'wrong_password', body: () => ({ password: 'not theirs' }) },
  'POST /v1/me/erasure': { who: 'people', answers: 'wrong_password', body: () => ({ password: 'not theirs' }) },
  'GET /v1/me/export': { who: 'people', answers: 200 },
  'GET /v1/me/email-preferences': { who: 'people', answers: 200 },
  'PATCH /v1/me/email-preferences': { who: 'people', answers: 200, body: () => ({ progress: false }) },
  'POST /v1/me/password': {
    who: 'people',
    answers: 'wrong_password',
    body: () => ({ currentPassword: 'not theirs', newPassword: PASSWORD }),
  },
  'POST /v1/users': { who: 'anyone', answers: 202, body: () => someone() },
  'GET /v1/users': { ...look, answers: 200 },
  'POST /v1/users/verify': {
    who: 'anyone',
    answers: 'invalid_link',
    body: () => ({ token: noLink, password: PASSWORD }),
  },
  'POST /v1/users/invitations': { ...look, answers: 202, body: () => ({ ...someone(), role: 'manager' }) },
  'GET /v1/users/invitations': { ...look, answers: 200 },
  'DELETE /v1/users/invitations/{id}': { ...look, answers: 204 },
  'PATCH /v1/users/{id}': { ...look, answers: 200, body: () => ({ role: 'barista' }) },
  'POST /v1/users/{id}/promote': { ...look, answers: 200 },
  'POST /v1/users/{id}/demote': { ...look, answers: 200 },
  'POST /v1/password-resets': { who: 'anyone', answers: 202, body: () => ({ email: someone().email }) },
  'POST /v1/password-resets/confirm': {
    who: 'anyone',
    answers: 'invalid_link',
    body: () => ({ token: noLink, password: PASSWORD }),
  },
  'POST /v1/email-suppressions/lift': { ...look, answers: 'not_found', body: () => ({ email: someone().email }) },
  'POST /notifications/ses': { who: 'anyone', answers: 'not_found', body: () => snsMessage.meta()?.examples?.[0] },
  'GET /v1/webhooks': { ...hook, answers: 200 },
  'POST /v1/webhooks': { ...hook, answers: 201, body: () => ({ url: endpoint.url, events: ['order.delayed'] }) },
  'GET /v1/webhooks/{id}': { ...hook, answers: 200 },
  'PATCH /v1/webhooks/{id}': { ...hook, answers: 200, body: () => ({ description: randomUUID() }) },
  'DELETE /v1/webhooks/{id}': { ...hook, answers: 204 },
  'POST /v1/webhooks/{id}/rotate': { ...hook, answers: 200 },
  'POST /v1/webhooks/{id}/test': { ...hook, answers: 202 },
  'GET /v1/webhooks/{id}/deliveries': { ...hook, answers: 200 },
  'POST /v1/webhooks/{id}/deliveries/{deliveryId}/redeliver': { ...hook, answers: 202 },
  'POST /v1/webhooks/{id}/redeliver': {
    ...hook,
    answers: 202,
    body: () => ({ from: '2026-11-22T09:00:00Z', to: '2026-11-22T10:00:00Z' }),
  },
  'POST /codec/decode': inspect,
  'POST /codec/encode': inspect,
  'GET /health/live': { who: 'anyone', answers: 200 },
  'GET /health/ready': { who: 'anyone', answers: 200 },
  'POST /oauth/token': {
    who: 'any client',
    answers: 200,
    form: { grant_type: 'password', client_id: 'crema', username: 'customer@example.com', password: 'test' },
  },
  'POST /oauth/revoke': { who: 'any client', answers: 200, form: { client_id: 'crema', token: noLink } },
  'GET /.well-known/jwks.json': { who: 'any reader', answers: 200 },
  'GET /.well-known/openid-configuration': { who: 'any reader', answers: 200 },
  'GET /.well-known/oauth-authorization-server': { who: 'any reader', answers: 200 },
};

const [kinds, ...lines] = WHO_MAY.trim()
  .split('\n')
  .map((line) => line.trim().split(/\s{2,}/)) as [string[], ...string[][]];
const whoMay = new Map(
  lines.map(([who, ...cells]) => [who, Object.fromEntries(kinds.map((kind, index) => [kind, cells[index] as string]))]),
);

const listed = (scope: Scope | Scope[] = []): Scope[] => [scope].flat();

interface Operation {
  security: Record<string, Scope[]>[];
}

let shop: Shop;
let documented: Map<string, Operation>;
/** By kind of caller. `nobody` has no token. */
let tokens: Record<string, string>;
/** Tokens with all scopes of the role, or of a service, except some. */
let tokensWithout: (scopes: Scope[]) => Promise<NarrowTokens>;
type NarrowTokens = Record<'owner' | 'barista' | 'manager' | 'service', string>;

beforeAll(async () => {
  shop = await openShop();
  endpoint = await startReceiver();
  tea = await shop.line('Tea');
  const { paths } = (await shop.request('GET', '/openapi.json')).body as {
    paths: Record<string, Record<string, Operation>>;
  };
  documented = new Map(
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const),
    ),
  );

  const [other, demoted] = await Promise.all([newCustomer(shop), newManager(shop)]);
  const expired = await forged({ exp: 1 });
  const revoked = await shop.signIn('manager@example.com');
  // The API caches these callers. The changes below must take effect immediately nevertheless.
  for (const token of [demoted.token, revoked]) {
    expect((await shop.request('GET', '/v1/products', { as: token })).status).toBe(200);
  }
  await shop.request('POST', `/v1/users/${demoted.id}/demote`, { as: shop.manager });
  await submitOnce(shop, '/oauth/revoke', { client_id: 'crema', token: revoked });
  tokens = {
    owner: shop.customer,
    other: other.token,
    barista: shop.barista,
    manager: shop.manager,
    demoted: demoted.token,
    service: (await newService(shop, serviceScopes)).token,
    expired,
    revoked,
  };
  const known = new Map<string, Promise<NarrowTokens>>();
  tokensWithout = (scopes) => {
    const made = known.get(scopes.join()) ?? makeTokensWithout(scopes);
    known.set(scopes.join(), made);
    return made;
  };
}, 60_000);
afterAll(async () => {
  await endpoint?.close();
  await shop?.close();
});

/** Returns the manager's token with other claims, signed with the shop's key. */
async function forged(claims: Record<string, unknown>): Promise<string> {
  const api = await openAuthApi(shop.database);
  return api.forge({ ...decodeJwt(shop.manager), ...claims }).finally(api.close);
}

async function makeTokensWithout(missing: Scope[]): Promise<NarrowTokens> {
  const others = (scope: string) => scope.split(' ').filter((each) => !missing.includes(each as Scope));
  const signIn = async (as: string) => {
    const { email } = (await shop.request('GET', '/v1/me', { as })).body;
    const scope = others(String(decodeJwt(as).scope)).join(' ');
    const form = { grant_type: 'password', client_id: 'crema', username: email, password: 'test', scope };
    return (await submitOnce(shop, '/oauth/token', form)).body.access_token as string;
  };
  const [owner, barista, manager, service] = await Promise.all([
    signIn(shop.customer),
    signIn(shop.barista),
    signIn(shop.manager),
    newService(shop, others(serviceScopes.join(' ')) as Scope[]),
  ]);
  return { owner, barista, manager, service: service.token };
}

/** Creates the resources of a path, so that a request could change them. Returns the path's parameters. */
async function targetOf(path: string): Promise<Record<string, string>> {
  const as = shop.manager;
  if (path.startsWith('/v1/orders/{id}') || path === '/v1/stream-tickets') {
    return { id: (await shop.place()).body.id, deliveryId: randomUUID() };
  }
  if (path.startsWith('/v1/users/{id}')) {
    return { id: (await (path.endsWith('/demote') ? newManager : newCustomer)(shop)).id };
  }
  if (path === '/v1/users/invitations/{id}') {
    const guest = someone();
    await shop.request('POST', '/v1/users/invitations', { as, body: guest });
    const mailed = () =>
      shop.database('account_requests').where({ email: guest.email }).whereNotNull('mailed_at').first();
    await waitFor('The mail of the invitation', async () => (await mailed()) !== undefined, { deadline: 20_000 });
    return { id: (await mailed()).id };
  }
  if (path.startsWith('/v1/webhooks/{id}')) {
    const body = { url: endpoint.url, events: ['order.delayed'] };
    const { id } = (await shop.request('POST', '/v1/webhooks', { as, body })).body;
    const test = path.includes('{deliveryId}') && (await shop.request('POST', `/v1/webhooks/${id}/test`, { as }));
    return { id, ...(test && { deliveryId: test.body.id }) };
  }
  if (path.startsWith('/v1/option-groups/{id}')) {
    const { id } = (await shop.request('POST', '/v1/option-groups', { as, body: { name: randomUUID() } })).body;
    const option = { name: 'Oat', priceDelta: usd(60) };
    const { body } = await shop.request('POST', `/v1/option-groups/${id}/options`, { as, body: option });
    return { id, optionId: body.options[0].id };
  }
  if (!path.startsWith('/v1/products/{id}')) return {};
  const product = { name: randomUUID(), basePrice: usd(300) };
  const { id } = (await shop.request('POST', '/v1/products', { as, body: product })).body;
  const variation = { name: 'Oat Milk', priceDelta: usd(60) };
  const { body } = await shop.request('POST', `/v1/products/${id}/variations`, { as, body: variation });
  return { id, variationId: body.variations[0].id };
}

async function call(operation: string, target: Record<string, string>, as: string | undefined): Promise<Answer> {
  const [method, template] = operation.split(' ') as [string, string];
  const path = template.replaceAll(/\{(\w+)\}/g, (_match, name: string) => target[name]!);
  const { body, form, streams } = rows[operation]!;
  if (form) return submitOnce(shop, path, form, as);
  if (streams) {
    const stream = await follow(shop, path, as ? { as } : {});
    if (stream.status === 200) stream.close();
    else await stream.ends();
    const headers = new Headers(stream.headers as Record<string, string>);
    return { status: stream.status, headers, body: stream.text && JSON.parse(stream.text) };
  }
  const options: RequestOptions = { ...(as && { as }), ...(body && { body: body(target) }) };
  return shop.requestUntilKnown(method, path, options);
}

const codes = { 400: 'invalid_request', 401: 'unauthenticated', 403: 'forbidden', 404: 'not_found' } as const;

/** Expects an error with this status, and the challenge of RFC 6750 if any. A 400 is from the OAuth2 server. */
function expectRefused(answer: Answer, status: keyof typeof codes, challenge?: string): void {
  if (status === 400) expect(answer).toMatchObject({ status, body: { error: codes[status] } });
  else expectProblem(answer, codes[status]);
  expect(answer.headers.get('www-authenticate')).toEqual(challenge ?? null);
}

describe('The OpenAPI document', () => {
  test('has the same operations as the table', () => {
    expect([...documented.keys()].toSorted()).toEqual(Object.keys(rows).toSorted());
  });

  test.each(Object.entries(rows))('names the scope of %s', (operation, { scope, serviceScope = scope, who }) => {
    const { security } = documented.get(operation)!;
    expect(security.length === 0).toBe(who.startsWith('any'));
    const byWay = Object.groupBy(
      security.flatMap((each) => Object.entries(each)),
      ([way]) => way,
    );
    for (const [way, alternatives] of Object.entries(byWay)) {
      const needed = listed(way === 'service' ? serviceScope : scope);
      expect(alternatives!.map(([, scopes]) => scopes)).toEqual(
        needed.length > 0 ? needed.map((each) => [each]) : [[]],
      );
    }
  });
});

// These tests run first, before allowed requests change data.
describe('A caller without access', () => {
  test.each(Object.entries(rows).filter(([, { who }]) => who !== 'any reader'))(
    'is rejected without effect: %s',
    async (operation, { who, scope, serviceScope = scope, acceptsStaff = false }) => {
      const cells = whoMay.get(who)!;
      const target = await targetOf(operation.split(' ')[1]!);
      const narrow = scope &&
        serviceScope && {
          ...(await tokensWithout(listed(scope))),
          service: (await tokensWithout(listed(serviceScope))).service,
        };
      const before = await fingerprints(shop);

      for (const [kind, cell] of Object.entries(cells)) {
        if (cell === 'yes') continue;
        const status = Number(cell) as keyof typeof codes;
        const bearer = kind === 'nobody' ? '' : ', error="invalid_token"';
        const challenge = status === 401 ? `Bearer realm="crema"${bearer}` : undefined;
        expectRefused(await call(operation, target, tokens[kind]), status, challenge);
      }
      for (const [kind, token] of Object.entries(narrow ?? {})) {
        const needed = kind === 'service' ? serviceScope : scope;
        const challenge = `Bearer realm="crema", error="insufficient_scope", scope="${listed(needed).join(' ')}"`;
        expectRefused(
          await call(operation, target, token),
          403,
          cells[kind] === 'yes' || acceptsStaff ? challenge : undefined,
        );
      }

      expect(await fingerprints(shop)).toEqual(before);
    },
  );

  test('is rejected for the only fault of the token', async () => {
    const good = await forged({ exp: Math.floor(Date.now() / 1000) + 60 });
    expect((await shop.request('GET', '/v1/products', { as: good })).status).toBe(200);
    const { body } = await shop.request('GET', '/v1/products', { as: tokens.expired! });
    expect(body.detail).toBe('The access token has expired.');
    const me = await shop.request('GET', '/v1/me', { as: tokens.demoted! });
    expect(me.body).toMatchObject({ role: 'customer', scopes: ['orders:read', 'orders:write'] });
  });
});

describe('A caller with access', () => {
  test.each(Object.entries(rows))('is served: %s', async (operation, { who, answers }) => {
    for (const [kind, cell] of Object.entries(whoMay.get(who)!)) {
      if (cell !== 'yes') continue;
      const target = await targetOf(operation.split(' ')[1]!);
      // A check of /health/ready may time out on a busy machine.
      const answer = await retryWhileUnavailable(() => call(operation, target, tokens[kind]));
      if (typeof answers === 'string') expectProblem(answer, answers);
      else expect({ kind, status: answer.status }).toEqual({ kind, status: answers });
    }
  });
});

describe('A counter order', () => {
  test('can be changed by all staff with the scope, and by no customer', async () => {
    const as = shop.barista;
    const { id } = (await shop.place({ as, body: { lines: [tea], customerName: 'Ana' } })).body;
    const change = (kind: string, body: object) =>
      shop.requestUntilKnown('PATCH', `/v1/orders/${id}`, { as: tokens[kind]!, body });
    for (const kind of ['barista', 'manager', 'service'])
      expect((await change(kind, { note: kind })).body).toMatchObject({ note: kind, customer: { name: 'Ana' } });
    for (const kind of ['owner', 'other', 'demoted']) {
      expectProblem(await change(kind, { note: kind }), 'not_found');
      expectProblem(await shop.readOrder(id, tokens[kind]!), 'not_found');
    }
  });
});

describe('An order of another customer', () => {
  let own: string;
  let foreign: Answer;
  const key = { 'idempotency-key': 'a-key-that-somebody-guessed' };
  const asOther = (method: string, path: string, options: RequestOptions = {}) =>
    shop.request(method, path, { as: tokens.other!, ...options });
  beforeAll(async () => {
    const placed = await asOther('POST', '/v1/orders', { body: { lines: [tea] } });
    own = placed.body.id;
    foreign = await shop.place({ body: { lines: [tea] }, headers: key });
  });

  test('is in no list of a customer', async () => {
    const { id, number, placedAt, customer } = foreign.body;
    const cursor = Buffer.from(JSON.stringify([new Date(Date.parse(placedAt) + 1).toISOString(), id])).toString(
      'base64url',
    );
    const queries = ['', `number=${number}`, `placedFrom=${placedAt}`, `cursor=${cursor}`, 'status=waiting&limit=100'];
    for (const query of queries) {
      const { status, body } = await asOther('GET', `/v1/orders?${query}`);
      expect(status).toBe(200);
      for (const order of body.data) expect(order.customer.id).not.toBe(customer.id);
    }
    expect((await asOther('GET', '/v1/orders')).body.data.map((order: { id: string }) => order.id)).toContain(own);
    expectProblem(await asOther('GET', `/v1/orders?customerId=${customer.id}`), 'forbidden');
    const { body } = await asOther('GET', '/v1/me/export');
    expect(JSON.stringify(body)).not.toContain(id);
  });

  test('shares no Idempotency-Key with other customers', async () => {
    const { id } = foreign.body;
    const placed = await asOther('POST', '/v1/orders', { body: { lines: [tea] }, headers: key });
    expect([placed.status, placed.headers.get('idempotency-replayed')]).toEqual([201, null]);
    expect(placed.body.id).not.toBe(id);
    expect(placed.body.customer.id).not.toBe(foreign.body.customer.id);

    const changes = [
      ['PATCH', '', { note: 'No sugar' }],
      ['POST', '/cancel', {}],
    ] as const;
    for (const [method, path, body] of changes) {
      const asOwner = { as: shop.customer, body, headers: key };
      const done = await shop.requestUntilKnown(method, `/v1/orders/${id}${path}`, asOwner);
      expect(done.status).toBe(200);
      for (const prefer of ['', 'respond-async']) {
        const headers = { ...key, prefer };
        expectProblem(await asOther(method, `/v1/orders/${id}${path}`, { body, headers }), 'not_found');
      }
    }
    const { body } = await shop.readOrder(id);
    expect(body).toMatchObject({ version: 3, status: 'cancelled', note: 'No sugar' });
  });

  test('has the same responses as an unknown order', async () => {
    const ask = async (id: string) => {
      const answers = await Promise.all([
        asOther('GET', `/v1/orders/${id}`),
        asOther('GET', `/v1/orders/${id}/timeline`),
        asOther('GET', `/v1/orders/${id}/follow-link`),
        asOther('GET', `/v1/orders/${id}/events`),
        asOther('POST', '/v1/stream-tickets', { body: { orderId: id } }),
        asOther('PATCH', `/v1/orders/${id}`, { body: { note: 'No sugar' }, headers: { 'if-match': '"1"' } }),
        asOther('POST', `/v1/orders/${id}/cancel`, { headers: { 'if-match': '"9"' } }),
      ]);
      return answers.map(({ status, body: { instance: _, ...body } }) => ({ status, body }));
    };
    expect(await ask(foreign.body.id)).toEqual(await ask(randomUUID()));
  });
});
