import { randomUUID } from 'node:crypto';
import { hashPassword } from '../../api/auth/password-hash.ts';
import { type Allowance, createQuota, isExceeded, type Quota } from '../../api/http/limits/quota.ts';
import { connectRedis } from '../../config/redis-connection.ts';
import { waitFor } from '../../stack/wait.ts';
import { startOwn } from '../faults/own-services.ts';
import { type Answer, openShop, retryWhileUnavailable, type Shop } from '../shop.ts';
import { newCustomer, newManager } from './people.ts';
import { expectProblem } from './problem.ts';

const PLACING = 3;
const USER = 8;
const ANONYMOUS = 35;
const PAIR = 3;
const BY_ACCOUNT = 5;
const BY_ADDRESS = 9;
const MAILS = 2;

let own: Awaited<ReturnType<typeof startOwn<'redis'>>>;
let shop: Shop;
beforeAll(async () => {
  own = await startOwn('redis');
  shop = await openShop({
    worker: false,
    environment: {
      ...own.environment,
      RATE_LIMITS: 'on',
      TRUSTED_PROXIES: '1',
      RATE_LIMIT_PLACING: `${PLACING}/600`,
      RATE_LIMIT_USER: `${USER}/600`,
      RATE_LIMIT_ANONYMOUS: `${ANONYMOUS}/600`,
      RATE_LIMIT_SIGN_IN: `${PAIR}/600`,
      RATE_LIMIT_SIGN_IN_ADDRESS: `${BY_ADDRESS}/600`,
      RATE_LIMIT_SIGN_IN_ACCOUNT: `${BY_ACCOUNT}/600`,
      RATE_LIMIT_ACCOUNT_MAIL: `${MAILS}/600`,
    },
  });
}, 90_000);
afterAll(async () => {
  await shop?.close();
  await own?.stop();
}, 60_000);

let addresses = 0;
/** Returns the headers of a request from a new address, as a trusted proxy sends them. */
const fromNewAddress = () => {
  addresses += 1;
  return { 'x-forwarded-for': `203.0.${Math.floor(addresses / 200)}.${addresses % 200}` };
};

const statusAndQuota = ({ status, headers }: Answer) => [
  status,
  headers.get('ratelimit-policy'),
  headers.get('ratelimit'),
];

/** Expects a 429 with `Retry-After`. */
function expectTooMany(answer: Answer, policy: string): void {
  expectProblem(answer, 'rate_limited');
  expectWait(answer, policy);
}

function expectWait({ headers }: Answer, policy: string): void {
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  expect(headers.get('ratelimit')).toBe(`"${policy}";r=0;t=${headers.get('retry-after')}`);
}

let someLine: Record<string, unknown> | undefined;
async function placeAs(token: string, path = '/v1/orders'): Promise<Answer> {
  someLine ??= await shop.line('Latte', 'Vanilla');
  return shop.request('POST', path, { as: token, body: { lines: [someLine] }, headers: fromNewAddress() });
}

const read = (token: string) => shop.request('GET', '/v1/me', { as: token, headers: fromNewAddress() });

describe('The quota of orders', () => {
  test('is in every response, and orders beyond it are rejected', async () => {
    const { id, token } = await newCustomer(shop);
    for (let left = PLACING - 1; left >= 0; left -= 1) {
      const pattern = new RegExp(`^"placing";r=${left};t=\\d+$`);
      expect(statusAndQuota(await placeAs(token))).toEqual([
        201,
        `"placing";q=3;w=600`,
        expect.stringMatching(pattern),
      ]);
    }
    expectTooMany(await placeAs(token), 'placing');
    expectTooMany(await placeAs(token, '/V1/Orders/'), 'placing');
    expect(await shop.database('orders').where({ customer_id: id })).toHaveLength(PLACING);

    expect(statusAndQuota(await read(token)).slice(0, 2)).toEqual([200, `"user";q=8;w=600`]);
    expect((await placeAs((await newCustomer(shop)).token)).status).toBe(201);
  });
});

/** Creates a quota in each of several processes that share only Redis. */
async function withProcesses(
  count: number,
  allowance: Allowance,
  work: (...quotas: Quota[]) => Promise<void>,
): Promise<void> {
  // The API's connection times out after 200 ms and then counts in memory.
  const redis = Array.from({ length: count }, () => connectRedis(own.redis.url, { socketTimeout: 20_000 }));
  try {
    await waitFor('Redis', () => redis.every(({ status }) => status === 'ready'), { deadline: 20_000 });
    await work(...redis.map((each) => createQuota('user', allowance, each)));
  } finally {
    for (const each of redis) each.disconnect();
  }
}

describe('The quota of other requests', () => {
  test('counts reads and writes of a user from all addresses together', async () => {
    const { token } = await newCustomer(shop);
    const price = () =>
      shop.request('POST', '/v1/orders/quote', { as: token, body: { lines: [someLine] }, headers: fromNewAddress() });
    for (let turn = 0; turn < USER / 2; turn += 1) {
      expect((await read(token)).status).toBe(200);
      expect((await price()).status).toBe(200);
    }
    expectTooMany(await read(token), 'user');
    expectTooMany(await price(), 'user');
  });

  test('counts writes across processes, and reads per process', async () => {
    await withProcesses(2, { count: 4, seconds: 600 }, async (one, other) => {
      const id = randomUUID();
      for (const quota of [one!, other!, one!, other!]) expect(isExceeded(await quota.take(id, false))).toBe(false);
      expect(isExceeded(await one!.take(id, true))).toBe(false);
      expect(isExceeded(await other!.take(id, false))).toBe(true);
    });
  });

  test.each([true, false])('resets after its window (reads: %s)', async (isRead) => {
    await withProcesses(1, { count: 1, seconds: 1 }, async (quota) => {
      const id = randomUUID();
      const [, second] = await Promise.all([quota!.take(id, isRead), quota!.take(id, isRead)]);
      expect(isExceeded(second)).toBe(true);
      await waitFor('A fresh start', async () => !isExceeded(await quota!.take(id, isRead)), { deadline: 20_000 });
    });
  });
});

describe('An unauthenticated request', () => {
  const menu = (headers: Record<string, string>) => shop.request('GET', '/v1/catalog', { headers });

  test('counts by address, apart from users and health checks', async () => {
    const { token } = await newCustomer(shop);
    const here = fromNewAddress();
    for (let left = ANONYMOUS - 1; left >= 0; left -= 1) expect((await menu(here)).status).toBe(200);
    expectTooMany(await menu(here), 'anonymous');
    expectTooMany(await shop.request('GET', '/nowhere', { headers: here }), 'anonymous');
    expectTooMany(await shop.request('GET', '/docs', { headers: here }), 'anonymous');

    expect((await menu(fromNewAddress())).status).toBe(200);
    expect((await shop.request('GET', '/v1/me', { as: token, headers: here })).status).toBe(200);
    const ready = () => shop.request('GET', '/health/ready', { headers: here });
    expect((await retryWhileUnavailable(ready)).status).toBe(200);
    expect((await shop.request('GET', '/metrics', { headers: here })).status).toBe(200);
    expect((await menu({ 'x-forwarded-for': `${here['x-forwarded-for']}, 198.51.100.7` })).status).toBe(200);
  });

  test('counts by address if its token is invalid', async () => {
    const here = fromNewAddress();
    const guess = () => shop.request('GET', '/v1/me', { as: 'no.good.token', headers: here });
    for (let turn = 0; turn < ANONYMOUS; turn += 1) expect((await guess()).status).toBe(401);
    expectTooMany(await guess(), 'anonymous');
  });

  test('counts by address if it has the token of a follow link', async () => {
    const here = fromNewAddress();
    const body = { orderId: randomUUID(), followToken: 'guess' };
    const guess = () => shop.request('POST', '/v1/stream-tickets', { headers: here, body });
    for (let turn = 0; turn < ANONYMOUS; turn += 1) expect((await guess()).status).toBe(404);
    expectTooMany(await guess(), 'anonymous');
  });

  test('counts by network if its address is IPv6', async () => {
    const from = (host: number) => ({ 'x-forwarded-for': `2001:db8:0:1::${host.toString(16)}` });
    for (let host = 1; host <= ANONYMOUS; host += 1) expect((await menu(from(host))).status).toBe(200);
    expectTooMany(await menu(from(9_999)), 'anonymous');
    expect((await menu({ 'x-forwarded-for': '2001:db8:0:2::1' })).status).toBe(200);
  });
});

/** Creates a user with a password. */
async function account(): Promise<{ email: string; password: string }> {
  const [id, password] = [randomUUID(), randomUUID()];
  const email = `${id}@example.com`;
  const password_hash = await hashPassword(password);
  await shop.database('users').insert({ id, email, name: 'Nora Newcomer', password_hash, role: 'customer' });
  return { email, password };
}

async function signIn(username: string, password: string, headers: Record<string, string>): Promise<Answer> {
  const form = { grant_type: 'password', client_id: 'crema', username, password };
  const answer = await fetch(`${shop.url}/oauth/token`, { method: 'POST', body: new URLSearchParams(form), headers });
  return { status: answer.status, headers: answer.headers, body: await answer.json() };
}

/** Expects a 429 in the error format of RFC 6749, with `Retry-After`. */
function expectNoMoreAttempts({ status, headers, body }: Answer): void {
  expect({ status, body }).toEqual({
    status: 429,
    body: { error: 'temporarily_unavailable', error_description: expect.stringMatching(/^\S.*[.]$/) },
  });
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  expect(headers.get('cache-control')).toBe('no-store');
}

describe('Guessing passwords', () => {
  test('blocks the account for that address only, even with the right password', async () => {
    const { email, password } = await account();
    const here = fromNewAddress();
    for (let turn = 0; turn < PAIR; turn += 1) expect((await signIn(email, 'wrong', here)).status).toBe(400);
    const refused = await signIn(email.toUpperCase(), password, here);
    expectNoMoreAttempts(refused);
    expect(refused.headers.get('ratelimit-policy')).toBe('"sign-in";q=3;w=600');
    expect((await signIn(email, password, fromNewAddress())).status).toBe(200);
  });

  test('has the same effect if the account does not exist', async () => {
    const here = fromNewAddress();
    for (let turn = 0; turn < PAIR; turn += 1) expect((await signIn('nobody@example.com', 'x', here)).status).toBe(400);
    expectNoMoreAttempts(await signIn('nobody@example.com', 'x', here));
  });

  test('is counted from zero after the right password', async () => {
    const { email, password } = await account();
    const here = fromNewAddress();
    for (let round = 0; round < 3; round += 1) {
      for (let turn = 1; turn < PAIR; turn += 1) expect((await signIn(email, 'wrong', here)).status).toBe(400);
      expect((await signIn(email, password, here)).status).toBe(200);
    }
  });

  test('counts concurrent attempts', async () => {
    const { email } = await account();
    const here = fromNewAddress();
    const answers = await Promise.all(Array.from({ length: 12 }, () => signIn(email, 'wrong', here)));
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(PAIR);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(12 - PAIR);
  });

  test('from many addresses is rejected, but the owner can sign in', async () => {
    const { email, password } = await account();
    const home = fromNewAddress();
    expect((await signIn(email, password, home)).status).toBe(200);

    for (let turn = 0; turn < BY_ACCOUNT; turn += 1) {
      expect((await signIn(email, 'wrong', fromNewAddress())).status).toBe(400);
    }
    const stranger = fromNewAddress();
    expectNoMoreAttempts(await signIn(email, 'wrong', stranger));
    // An unknown address has one attempt. Further passwords are not checked.
    expectNoMoreAttempts(await signIn(email, password, stranger));

    expect((await signIn(email, 'a typing error', home)).status).toBe(400);
    expect((await signIn(email, password, home)).status).toBe(200);
    expect((await signIn(email, password, fromNewAddress())).status).toBe(200);
  });

  test('for many accounts blocks an address, except for its known users', async () => {
    const regular = await account();
    const here = fromNewAddress();
    expect((await signIn(regular.email, regular.password, here)).status).toBe(200);
    for (let turn = 0; turn < BY_ADDRESS; turn += 1) {
      expect((await signIn(`${randomUUID()}@example.com`, 'wrong', here)).status).toBe(400);
    }
    expectNoMoreAttempts(await signIn(`${randomUUID()}@example.com`, 'wrong', here));
    expect((await signIn(regular.email, regular.password, here)).status).toBe(200);
  });

  test('counts as requests by address, rejected with an OAuth2 error', async () => {
    const here = fromNewAddress();
    const refresh = () =>
      shop.request('POST', '/oauth/token', { body: '', headers: { ...here, 'content-type': 'text/plain' } });
    for (let turn = 0; turn < ANONYMOUS; turn += 1) expect((await refresh()).status).toBe(400);
    expectNoMoreAttempts(await refresh());
  });
});

describe('A wrong password to confirm a change', () => {
  const guesses: [string, (token: string, password: string, headers: Record<string, string>) => Promise<Answer>][] = [
    [
      'POST /v1/me/password',
      (as, currentPassword, headers) =>
        shop.request('POST', '/v1/me/password', {
          as,
          headers,
          body: { currentPassword, newPassword: 'a lamp under the green ladder' },
        }),
    ],
    [
      'PATCH /v1/me',
      (as, currentPassword, headers) =>
        shop.request('PATCH', '/v1/me', {
          as,
          headers,
          body: { currentPassword, email: `${randomUUID()}@example.com` },
        }),
    ],
    ['DELETE /v1/me', (as, password, headers) => shop.request('DELETE', '/v1/me', { as, headers, body: { password } })],
    [
      'POST /v1/me/erasure',
      (as, password, headers) => shop.request('POST', '/v1/me/erasure', { as, headers, body: { password } }),
    ],
  ];

  test.each(guesses)('counts together with those of sign-ins: %s', async (_route, guess) => {
    const { email, password, token } = await newCustomer(shop);
    const here = fromNewAddress();
    expect((await signIn(email, 'wrong', here)).status).toBe(400);
    for (let turn = 1; turn < PAIR; turn += 1) expectProblem(await guess(token, 'wrong', here), 'wrong_password');
    expectTooMany(await guess(token, password, here), 'sign-in');
    expectNoMoreAttempts(await signIn(email, password, here));
  });
});

describe('Many requests for emails to one address', () => {
  const asks: [string, (email: string) => Promise<Answer>][] = [
    [
      'registrations',
      (email) => shop.request('POST', '/v1/users', { body: { email, name: 'Ana' }, headers: fromNewAddress() }),
    ],
    ['resets', (email) => shop.request('POST', '/v1/password-resets', { body: { email }, headers: fromNewAddress() })],
    [
      'invitations',
      async (email) => {
        const { token: as } = await newManager(shop);
        return shop.request('POST', '/v1/users/invitations', { as, body: { email, name: 'Ana' } });
      },
    ],
    [
      'new addresses',
      async (email) => {
        const { token: as, password: currentPassword } = await newCustomer(shop);
        const { status, ...answer } = await shop.request('PATCH', '/v1/me', { as, body: { email, currentPassword } });
        return { ...answer, status: status === 200 ? 202 : status };
      },
    ],
  ];

  test.each(asks)('are rejected without an email: %s', async (_kind, ask) => {
    const email = `${randomUUID()}@example.com`;
    for (let turn = 0; turn < MAILS; turn += 1)
      expect((await ask(turn % 2 ? email.toUpperCase() : email)).status).toBe(202);
    expectTooMany(await ask(email), 'account-mail');
    const kept = await shop.database('account_requests').where({ canonical_email: email });
    expect(kept.length).toBeLessThanOrEqual(MAILS);
    expect((await ask(`${randomUUID()}@example.com`)).status).toBe(202);
    // The quotas of other emails are separate.
    for (const [, another] of asks) if (another !== ask) expect((await another(email)).status).toBe(202);
  });

  test.each([
    ['/account/register', { name: 'Ana' }],
    ['/account/forgot', {}],
  ])('are rejected on the page %s, with the time to wait', async (path, fields) => {
    const form = new URLSearchParams({ ...fields, email: `${randomUUID()}@example.com` }).toString();
    const headers = { ...fromNewAddress(), 'content-type': 'application/x-www-form-urlencoded' };
    const send = () => shop.request('POST', path, { body: form, headers });
    for (let turn = 0; turn < MAILS; turn += 1) expect((await send()).status).toBe(200);

    const refused = await send();

    expect([refused.status, refused.body]).toEqual([429, expect.stringContaining('several times')]);
    expectWait(refused, 'account-mail');
  });
});

describe('An outage of Redis', () => {
  /** Expects that requests are served and the limits apply. */
  async function expectLimitsInMemory(): Promise<void> {
    const [{ email, password }, here] = [await account(), fromNewAddress()];
    const signedIn = await signIn(email, password, here);
    expect(signedIn.status).toBe(200);
    const token = signedIn.body.access_token;
    for (let turn = 0; turn < PLACING; turn += 1) expect((await placeAs(token)).status).toBe(201);
    expectTooMany(await placeAs(token), 'placing');
    expect((await read(token)).status).toBe(200);
    for (let turn = 0; turn < PAIR; turn += 1) expect((await signIn(email, 'wrong', here)).status).toBe(400);
    expectNoMoreAttempts(await signIn(email, password, here));
  }

  /** Expects that orders are counted in Redis again. */
  async function expectLimitsInRedis(): Promise<void> {
    const redis = connectRedis(own.redis.url);
    try {
      await waitFor(
        'A count in Redis',
        async () => {
          const { id, token } = await newCustomer(shop);
          await placeAs(token);
          return (await redis.get(`crema:limits:placing:${id}`)) === '1';
        },
        { deadline: 15_000, every: 300 },
      );
    } finally {
      redis.disconnect();
    }
  }

  test('that freezes Redis makes the limits count in memory until Redis continues', async () => {
    await expectLimitsInRedis();
    await own.redis.kill('SIGSTOP');
    try {
      await expectLimitsInMemory();
    } finally {
      await own.redis.kill('SIGCONT');
    }
    await expectLimitsInRedis();
  }, 40_000);

  test('that stops Redis makes the limits count in memory, without resetting a count', async () => {
    const { token } = await newCustomer(shop);
    const [{ email, password }, here] = [await account(), fromNewAddress()];
    const body = { email: `${email}.example`, name: 'Ana' };
    const register = () => shop.request('POST', '/v1/users', { headers: here, body });
    for (let turn = 1; turn < PLACING; turn += 1) expect((await placeAs(token)).status).toBe(201);
    for (let turn = 0; turn < PAIR; turn += 1) expect((await signIn(email, 'wrong', here)).status).toBe(400);
    for (let turn = 0; turn < MAILS; turn += 1) expect((await register()).status).toBe(202);
    await own.redis.kill();
    expect((await placeAs(token)).status).toBe(201);
    expectTooMany(await placeAs(token), 'placing');
    expectNoMoreAttempts(await signIn(email, password, here));
    expectTooMany(await register(), 'account-mail');
    await expectLimitsInMemory();
    await own.redis.start();
    await expectLimitsInRedis();
  }, 40_000);
});
