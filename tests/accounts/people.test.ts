import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { eraseAgain } from '../../activities/erase.ts';
import { reconcileOrder } from '../../activities/reconcile-orders.ts';
import { createJournal } from '../../db/journal.ts';
import { createOrderRepository } from '../../db/orders.ts';
import { createUserRepository } from '../../db/users.ts';
import { waitFor } from '../../stack/wait.ts';
import { createErasureRecords } from '../../worker/erasure-records.ts';
import { createWorkflowRecords } from '../../worker/workflow-records.ts';
import { erasureIdOf } from '../../workflows/messages/accounts.ts';
import { newCustomer, newManager } from '../http/people.ts';
import { expectFaults, expectProblem } from '../http/problem.ts';
import { openShop, type Shop } from '../shop.ts';
import { ANOTHER, emailsTo, emailTo, linkIn, newAccount, newAddress, PASSWORD } from './mailbox.ts';

const SEEDED_MANAGER = '0c0ffee0-0000-4000-8000-000000000001';

let shop: Shop;
let databaseUrl: string;
beforeAll(async () => {
  shop = await openShop();
  databaseUrl = shop.database.client.config.connection.connectionString;
}, 60_000);
afterAll(() => shop?.close());

const asManager = (method: string, path: string, body?: unknown) =>
  shop.request(method, path, { as: shop.manager, body });

/** Somebody with an account of their own, signed in. */
async function newPerson(name?: string): Promise<{ id: string; email: string; as: string }> {
  const { email } = await newAccount(shop, newAddress(), name);
  const as = await shop.signIn(email, PASSWORD);
  return { id: (await shop.request('GET', '/v1/me', { as })).body.id, email, as };
}

/** Runs a command as an operator would. */
function manage(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const environment = { NODE_ENV: 'test', DATABASE_URL: databaseUrl, PUBLIC_URL: 'https://crema.example/' };
  const options = { env: { ...process.env, ...environment }, timeout: 25_000 };
  return new Promise((resolve) => {
    execFile(process.execPath, ['manage/main.ts', ...args], options, (error, out, err) => {
      resolve({ code: error ? Number(error.code) : 0, out, err });
    });
  });
}

describe('When managers look after people', () => {
  test('then they list them page by page, by address, none skipped and none twice', async () => {
    await Promise.all(Array.from({ length: 7 }, () => newCustomer(shop)));
    const everybody: string[] = await shop.database('users').orderByRaw('lower(email)').pluck('email');
    for (const limit of [1, 3, 100]) {
      const seen: string[] = [];
      for (let cursor: string | null = ''; cursor !== null; ) {
        const { body } = await asManager('GET', `/v1/users?limit=${limit}${cursor && `&cursor=${cursor}`}`);
        expect(body.data.length).toBeLessThanOrEqual(limit);
        seen.push(...body.data.map(({ email }: { email: string }) => email));
        cursor = body.nextCursor;
      }
      expect(seen).toEqual(everybody);
    }
  });

  test('then they find them by address and by role, and read nothing secret', async () => {
    const found = await asManager('GET', '/v1/users?email=MANAGER@example.com&role=manager');
    expect(found.body).toEqual({
      data: [
        {
          id: SEEDED_MANAGER,
          email: 'manager@example.com',
          name: 'Marta Manager',
          role: 'manager',
          language: null,
          createdAt: expect.any(String),
          verifiedAt: expect.any(String),
        },
      ],
      nextCursor: null,
    });
    expect((await asManager('GET', '/v1/users?email=manager@example.com&role=customer')).body.data).toEqual([]);
    for (const cursor of ['nonsense', Buffer.from('["a\\u0000"]').toString('base64url')]) {
      expectFaults(await asManager('GET', `/v1/users?cursor=${cursor}`), ['?cursor']);
    }
  });

  test('then nobody else may', async () => {
    const calls = [
      ['GET', '/v1/users'],
      ['POST', '/v1/users/invitations', { email: newAddress(), name: 'Eve', role: 'manager' }],
      ['POST', `/v1/users/${SEEDED_MANAGER}/promote`],
      ['POST', `/v1/users/${SEEDED_MANAGER}/demote`],
    ] as const;
    for (const [method, path, body] of calls) {
      expectProblem(await shop.request(method, path, { as: shop.customer, body }), 'forbidden');
      expectProblem(await shop.request(method, path, { body }), 'unauthenticated');
    }
  });

  test('then whom they invite chooses a password, once, and has the role', async () => {
    const email = newAddress();
    const invite = (role?: string, name = 'Marco, Bcc: eve@example.com') =>
      asManager('POST', '/v1/users/invitations', { email, name, role });
    expectFaults(await invite('manager', 'Marco\u2028Bcc: eve@example.com'), ['#/name']);
    expect(await invite('manager')).toMatchObject({ status: 202, body: {} });
    const arrival = await emailTo(shop, email);
    const { path, token } = linkIn(arrival);
    expect(path).toBe('/account/password');
    // As it went over the wire.
    expect(arrival.to).toEqual([email]);
    const [head = ''] = arrival.raw.toString().split('\r\n\r\n');
    expect(head).toMatch(/^To: .*Marco/m);
    expect(head).not.toMatch(/^(Bcc|Cc):/im);
    expect(head).not.toMatch(/[^\r]\n|\u2028/);

    const choose = (password: string) =>
      shop.request('POST', '/v1/password-resets/confirm', { body: { token, password } });
    expectFaults(await choose(email), ['#/password']);
    expect((await choose(ANOTHER)).body).toMatchObject({ email, role: 'manager' });
    expectProblem(await choose(PASSWORD), 'invalid_link');
    const as = await shop.signIn(email, ANOTHER);
    expect((await shop.request('GET', '/v1/users?limit=1', { as })).status).toBe(200);
    expectProblem(await invite(), 'email_taken');
  });

  test('then who is promoted is a manager, and a customer again after it was taken back', async () => {
    const { id } = await newPerson();
    for (const change of ['promote', 'promote', 'demote', 'demote'] as const) {
      const { status, body } = await asManager('POST', `/v1/users/${id}/${change}`);
      expect([status, body.role]).toEqual([200, change === 'promote' ? 'manager' : 'customer']);
    }
    expectProblem(await asManager('POST', `/v1/users/${randomUUID()}/promote`), 'not_found');
    expectProblem(await asManager('POST', `/v1/users/${randomUUID()}/demote`), 'not_found');
  });

  test('then whose role was taken back is a customer at once, with the token of a manager', async () => {
    const { id, email } = await newPerson();
    await asManager('POST', `/v1/users/${id}/promote`);
    const as = await shop.signIn(email, PASSWORD);
    expect((await shop.request('GET', '/v1/users', { as })).status).toBe(200);

    await asManager('POST', `/v1/users/${id}/demote`);

    expectProblem(await shop.request('GET', '/v1/users', { as }), 'forbidden');
    const { body } = await shop.request('GET', '/v1/me', { as });
    expect(body).toMatchObject({ id, role: 'customer', scopes: ['orders:read', 'orders:write'] });
  });

  test('then of all managers that step down at once, one stays', async () => {
    await shop.database('users').whereNot({ id: SEEDED_MANAGER }).update({ role: 'customer' });
    const others = await Promise.all([newManager(shop), newManager(shop), newManager(shop)]);

    // Each on their own behalf: who is none any more sends nobody else away.
    const answers = await Promise.all(
      [{ id: SEEDED_MANAGER, token: shop.manager }, ...others].map(({ id, token: as }) =>
        shop.request('POST', `/v1/users/${id}/demote`, { as }),
      ),
    );

    expect(answers.filter(({ status }) => status === 200)).toHaveLength(others.length);
    for (const answer of answers.filter(({ status }) => status !== 200)) expectProblem(answer, 'last_manager');
    expect(await shop.database('users').where({ role: 'manager' })).toHaveLength(1);
    await shop.database('users').update({ role: 'customer' });
    await shop.database('users').where({ id: SEEDED_MANAGER }).update({ role: 'manager' });
    const erased = await shop.request('DELETE', '/v1/me', { as: shop.manager, body: { password: 'test' } });
    expectProblem(erased, 'last_manager');
  });
});

describe('When an operator adds the first manager', () => {
  test('then a link is printed by which they choose a password, and nothing is mailed', async () => {
    const email = newAddress();
    const { code, out } = await manage('add-manager', email, '--name', 'Frida First');
    expect(code).toBe(0);
    const token = /^https:\/\/crema\.example\/account\/password\?token=([\w-]{43})$/m.exec(out)?.[1];

    const { body } = await shop.request('POST', '/v1/password-resets/confirm', { body: { token, password: PASSWORD } });

    expect(body).toMatchObject({ email, name: 'Frida First', role: 'manager' });
    expect(emailsTo(shop, email)).toEqual([]);
  });

  test('then who has an account is promoted', async () => {
    const { id, email } = await newPerson();
    expect(await manage('add-manager', email.toUpperCase())).toEqual({
      code: 0,
      out: `${email} is a manager.\n`,
      err: expect.stringMatching(/^Using Postgres at .*\n$/),
    });
    expect((await shop.database('users').where({ id }).first()).role).toBe('manager');
  });

  test.each([
    [['toString'], 'There is no command toString; npm run manage -- --help lists all commands.'],
    [['add-manager'], 'Give one email address'],
    [['add-manager', 'ana@example.com', 'bob@example.com'], 'Give one email address'],
    [['add-manager', 'ana@example.com', '--name', 'Ana\nBob'], 'Give one email address'],
    [['add-manager', 'ana@example.com', '--role', 'manager'], 'Usage: npm run manage -- add-manager <email>'],
  ])('then %j is explained', async (args, words) => {
    const { code, out, err } = await manage(...args);
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain(words);
  });
});

describe('When somebody asks what the shop knows of them', () => {
  test('then they get their account and all of their orders, and nobody else’s', async () => {
    const { id, email, as } = await newPerson('Ada');
    const placed: string[] = [];
    for (let n = 0; n < 21; n++) placed.push((await shop.place({ as })).body.id);
    await shop.place();

    const { status, headers, body } = await shop.request('GET', '/v1/me/export', { as });

    expect(status).toBe(200);
    expect(headers.get('content-disposition')).toBe('attachment; filename="crema-export.json"');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body.user).toMatchObject({ id, email, name: 'Ada', role: 'customer' });
    expect(body.access).toEqual([{ client: 'crema', since: expect.any(String), until: expect.any(String) }]);
    expect(body.orders.map(({ order }: { order: { id: string } }) => order.id)).toEqual(placed.toReversed());
    for (const { order, timeline } of body.orders) {
      expect(order.customer).toEqual({ id, name: 'Ada' });
      expect(timeline.data[0]).toMatchObject({ type: 'order.placed', actor: { type: 'customer', id } });
    }
  });
});

describe('When somebody asks to be forgotten', () => {
  const forget = (as: string) => shop.request('DELETE', '/v1/me', { as, body: { password: PASSWORD } });
  const secrets = async () =>
    JSON.stringify(await shop.database('users')) + JSON.stringify(await shop.database('account_requests'));

  test.each([
    ['DELETE', '/v1/me'],
    ['POST', '/v1/me/erasure'],
  ])('then %s %s takes their password, and they are gone at once, with their sessions', async (verb, way) => {
    const erase = (body?: object) => shop.request(verb, way, { as, ...(body && { body }) });
    const { id, email, as } = await newPerson('Zoë Unmistakable');
    await shop.request('POST', '/v1/password-resets', { body: { email } });
    const { token } = linkIn(await emailTo(shop, email, 2));
    expectProblem(await erase({ password: 'not mine at all' }), 'wrong_password');
    expectFaults(await erase(), ['#']);

    expect(await erase({ password: PASSWORD })).toMatchObject({ status: 204, body: '' });

    expect(await secrets()).not.toMatch(new RegExp(`${email}|Unmistakable`));
    expect(await shop.database('oidc_artifacts').where({ account_id: id })).toEqual([]);
    await expect(shop.signIn(email, PASSWORD)).rejects.toThrow('invalid_grant');
    for (const [method, path] of [
      ['GET', '/v1/me'],
      ['GET', '/v1/me/export'],
      ['GET', '/v1/orders'],
      ['GET', '/v1/catalog'],
    ] as const) {
      expectProblem(await shop.request(method, path, { as }), 'unauthenticated');
    }
    const confirm = { token, password: ANOTHER };
    expectProblem(await shop.request('POST', '/v1/password-resets/confirm', { body: confirm }), 'invalid_link');
    // The address is free again, for somebody new.
    expect((await newAccount(shop, email)).email).toBe(email);
  });

  test('then their orders stay without them, open ones go on, and their mails are suppressed', async () => {
    const { id, email, as } = await newPerson('Zoë Unmistakable');
    const { body: order } = await shop.place({ as });
    await emailTo(shop, email, 2);
    expect((await forget(as)).status).toBe(204);
    const before = emailsTo(shop, email).length;

    for (const status of ['preparation', 'ready', 'delivered'] as const) await shop.move(order.id, status);
    await shop.waitForEnd(order.id);

    const { body } = await asManager('GET', `/v1/orders/${order.id}`);
    expect(body).toMatchObject({ status: 'delivered', customer: { id, name: null } });
    expect(emailsTo(shop, email)).toHaveLength(before);
    const ledger = await shop.database('deliveries').where({ order_id: order.id, recipient: 'customer' });
    expect(ledger.filter(({ outcome }) => outcome === 'suppressed')).toHaveLength(3);
  });

  test('then they stay forgotten after a reconciliation, and after a restore that knows them', async () => {
    const { id, email, as } = await newPerson('Zoë Unmistakable');
    const { body: order } = await shop.place({ as });
    const { canonical_email: _, ...backup } = await shop.database('users').where({ id }).first();
    expect((await forget(as)).status).toBe(204);
    const erasure = shop.temporal.workflow.getHandle(erasureIdOf(id));
    // Only then has it done its own part.
    const waits = async () =>
      ((await erasure.fetchHistory()).events ?? []).some((event) => event.timerStartedEventAttributes);
    await waitFor('The timer of the erasure', waits, { deadline: 20_000 });
    await shop.database('users').insert(backup);
    await shop.database('order_events').where({ order_id: order.id }).delete();
    await shop.database('orders').where({ id: order.id }).delete();
    await waitFor(
      'The erasure on the list',
      async () => {
        const erasures = createErasureRecords(shop.temporal, shop.taskQueue);
        return (await eraseAgain({ erasures, users: createUserRepository(shop.database) })) > 0;
      },
      { deadline: 20_000 },
    );
    const mended = await reconcileOrder(
      {
        records: createWorkflowRecords(shop.temporal, shop.taskQueue),
        orders: createOrderRepository(shop.database),
        journal: createJournal(shop.database),
      },
      order.id,
    );
    expect(mended).toMatchObject({ why: undefined });

    expect(await secrets()).not.toMatch(new RegExp(`${email}|Unmistakable`));
    expect((await asManager('GET', `/v1/orders/${order.id}`)).body).toMatchObject({ customer: { id, name: null } });
    const { raw, status, memo } = await erasure.describe();
    expect([status.name, memo]).toEqual(['RUNNING', { userId: id, registeredAt: backup.created_at.getTime() }]);
    expect(JSON.stringify([raw, await erasure.fetchHistory()])).not.toMatch(/Unmistakable|example\.com/);
    // Who got the same id later is somebody else.
    await shop.database('users').insert({ ...backup, created_at: new Date() });
    await eraseAgain({
      erasures: createErasureRecords(shop.temporal, shop.taskQueue),
      users: createUserRepository(shop.database),
    });
    expect(await shop.database('users').where({ id })).toHaveLength(1);
  });

  test('then a manager may, as long as there is another', async () => {
    const { id, as } = await newPerson();
    await asManager('POST', `/v1/users/${id}/promote`);
    expect((await forget(as)).status).toBe(204);
    expect(await shop.database('users').where({ id })).toEqual([]);
  });

  test('then asking twice at once does no harm', async () => {
    const { id, as } = await newPerson();
    const answers = await Promise.all([forget(as), forget(as)]);
    // Whoever comes late has no password any more, or no account.
    for (const { status } of answers) expect([204, 401, 403]).toContain(status);
    expect(answers.map(({ status }) => status)).toContain(204);
    expect(await shop.database('users').where({ id })).toEqual([]);
  });
});
