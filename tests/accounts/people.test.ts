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
import { BARISTA } from '../auth/auth-api.ts';
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

/** Returns a new user who is signed in. */
async function newPerson(name?: string): Promise<{ id: string; email: string; as: string }> {
  const { email } = await newAccount(shop, newAddress(), name);
  const as = await shop.signIn(email, PASSWORD);
  return { id: (await shop.request('GET', '/v1/me', { as })).body.id, email, as };
}

/** Runs a command of `manage/`. */
function manage(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const environment = { NODE_ENV: 'test', DATABASE_URL: databaseUrl, PUBLIC_URL: 'https://crema.example/' };
  const options = { env: { ...process.env, ...environment }, timeout: 25_000 };
  return new Promise((resolve) => {
    execFile(process.execPath, ['manage/main.ts', ...args], options, (error, out, err) => {
      resolve({ code: error ? Number(error.code) : 0, out, err });
    });
  });
}

describe('user management', () => {
  test('lists every user once over all pages, by address', async () => {
    await Promise.all(Array.from({ length: 7 }, () => newCustomer(shop)));
    const all: string[] = await shop.database('users').orderByRaw('lower(email)').pluck('email');
    for (const limit of [1, 3, 100]) {
      const seen: string[] = [];
      for (let cursor: string | null = ''; cursor !== null; ) {
        const { body } = await asManager('GET', `/v1/users?limit=${limit}${cursor && `&cursor=${cursor}`}`);
        expect(body.data.length).toBeLessThanOrEqual(limit);
        seen.push(...body.data.map(({ email }: { email: string }) => email));
        cursor = body.nextCursor;
      }
      expect(seen).toEqual(all);
    }
  });

  test('filters users by address and role, and shows no secrets', async () => {
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

  test('is forbidden to customers', async () => {
    const calls = [
      ['GET', '/v1/users'],
      ['POST', '/v1/users/invitations', { email: newAddress(), name: 'Eve', role: 'manager' }],
      ['PATCH', `/v1/users/${SEEDED_MANAGER}`, { role: 'customer' }],
      ['POST', `/v1/users/${SEEDED_MANAGER}/promote`],
      ['POST', `/v1/users/${SEEDED_MANAGER}/demote`],
    ] as const;
    for (const [method, path, body] of calls) {
      expectProblem(await shop.request(method, path, { as: shop.customer, body }), 'forbidden');
      expectProblem(await shop.request(method, path, { body }), 'unauthenticated');
    }
  });

  test('invites a user, who gets the role after choosing a password', async () => {
    const email = newAddress();
    const invite = (role?: string, name = 'Marco, Bcc: eve@example.com') =>
      asManager('POST', '/v1/users/invitations', { email, name, role });
    expectFaults(await invite('manager', 'Marco\u2028Bcc: eve@example.com'), ['#/name']);
    expect(await invite('manager')).toMatchObject({ status: 202, body: {} });
    const arrival = await emailTo(shop, email);
    const { path, token } = linkIn(arrival);
    expect(path).toBe('/account/password');
    // The headers that were sent name only the invited address.
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

  test('promotes and demotes a user', async () => {
    const { id } = await newPerson();
    for (const change of ['promote', 'promote', 'demote', 'demote'] as const) {
      const { status, body } = await asManager('POST', `/v1/users/${id}/${change}`);
      expect([status, body.role]).toEqual([200, change === 'promote' ? 'manager' : 'customer']);
    }
    expectProblem(await asManager('POST', `/v1/users/${randomUUID()}/promote`), 'not_found');
    expectProblem(await asManager('POST', `/v1/users/${randomUUID()}/demote`), 'not_found');
  });

  test('gives a user any of the three roles', async () => {
    const { id, email } = await newPerson();
    const give = (role: string, userId = id) => asManager('PATCH', `/v1/users/${userId}`, { role });
    for (const role of ['barista', 'barista', 'manager', 'customer', 'manager', 'barista']) {
      const { status, body } = await give(role);
      expect([status, body]).toEqual([200, expect.objectContaining({ id, email, role })]);
    }
    const baristas = await asManager('GET', '/v1/users?role=barista');
    expect(baristas.body.data.map((user: { id: string }) => user.id).toSorted()).toEqual([id, BARISTA].toSorted());
    expectProblem(await give('barista', randomUUID()), 'not_found');
    expectFaults(await give('operator'), ['#/role']);
    expectFaults(await asManager('PATCH', `/v1/users/${id}`, {}), ['#/role']);
    expectFaults(await asManager('PATCH', `/v1/users/${id}`, { role: 'manager', name: 'Eve' }), ['#/name']);
  });

  test('makes a manager a barista at once, and ends their invitations', async () => {
    const { id, token: as } = await newManager(shop);
    const guest = newAddress();
    await shop.request('POST', '/v1/users/invitations', { as, body: { email: guest, name: 'Gil', role: 'barista' } });
    expect(await shop.database('account_requests').where({ email: guest, role: 'barista' })).toHaveLength(1);

    expect((await asManager('PATCH', `/v1/users/${id}`, { role: 'barista' })).status).toBe(200);

    const { body } = await shop.request('GET', '/v1/me', { as });
    expect(body).toMatchObject({ role: 'barista', scopes: ['orders:read', 'orders:write', 'availability:write'] });
    for (const path of ['/v1/users', '/v1/webhooks', '/v1/products'])
      expectProblem(await shop.request('GET', path, { as }), 'forbidden');
    expect((await shop.request('GET', '/v1/orders', { as })).status).toBe(200);
    expect(await shop.database('account_requests').where({ email: guest })).toEqual([]);
  });

  test('opens the account of an invited barista', async () => {
    const email = newAddress();
    await asManager('POST', '/v1/users/invitations', { email, name: 'Bea', role: 'barista' });
    const { token } = linkIn(await emailTo(shop, email));
    const opened = await shop.request('POST', '/v1/password-resets/confirm', { body: { token, password: PASSWORD } });
    expect([opened.status, opened.body.role]).toEqual([200, 'barista']);
  });

  test('applies a demotion to existing tokens at once', async () => {
    const { id, email } = await newPerson();
    await asManager('POST', `/v1/users/${id}/promote`);
    const as = await shop.signIn(email, PASSWORD);
    expect((await shop.request('GET', '/v1/users', { as })).status).toBe(200);

    await asManager('POST', `/v1/users/${id}/demote`);

    expectProblem(await shop.request('GET', '/v1/users', { as }), 'forbidden');
    const { body } = await shop.request('GET', '/v1/me', { as });
    expect(body).toMatchObject({ id, role: 'customer', scopes: ['orders:read', 'orders:write'] });
  });

  test('keeps one manager when all are demoted at the same time', async () => {
    await shop.database('users').whereNot({ id: SEEDED_MANAGER }).update({ role: 'customer' });
    const others = await Promise.all([newManager(shop), newManager(shop), newManager(shop)]);

    // Each manager steps down, because a demoted manager could not demote another one.
    const answers = await Promise.all(
      [{ id: SEEDED_MANAGER, token: shop.manager }, ...others].map(({ id, token: as }, index) =>
        index % 2 === 0
          ? shop.request('POST', `/v1/users/${id}/demote`, { as })
          : shop.request('PATCH', `/v1/users/${id}`, { as, body: { role: 'barista' } }),
      ),
    );

    expect(answers.filter(({ status }) => status === 200)).toHaveLength(others.length);
    for (const answer of answers.filter(({ status }) => status !== 200)) expectProblem(answer, 'last_manager');
    expect(await shop.database('users').where({ role: 'manager' })).toHaveLength(1);
    await shop.database('users').update({ role: 'customer' });
    await shop.database('users').where({ id: SEEDED_MANAGER }).update({ role: 'manager' });
    const erased = await shop.request('DELETE', '/v1/me', { as: shop.manager, body: { password: 'test' } });
    expectProblem(erased, 'last_manager');
    for (const role of ['customer', 'barista'])
      expectProblem(await asManager('PATCH', `/v1/users/${SEEDED_MANAGER}`, { role }), 'last_manager');
    expect((await asManager('PATCH', `/v1/users/${SEEDED_MANAGER}`, { role: 'manager' })).status).toBe(200);
  });
});

describe('the command add-manager', () => {
  test('prints a link to choose a password, and sends no email', async () => {
    const email = newAddress();
    const { code, out } = await manage('add-manager', email, '--name', 'Frida First');
    expect(code).toBe(0);
    const token = /^https:\/\/crema\.example\/account\/password\?token=([\w-]{43})$/m.exec(out)?.[1];

    const { body } = await shop.request('POST', '/v1/password-resets/confirm', { body: { token, password: PASSWORD } });

    expect(body).toMatchObject({ email, name: 'Frida First', role: 'manager' });
    expect(emailsTo(shop, email)).toEqual([]);
  });

  test('promotes a user who has an account', async () => {
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
  ])('explains the error of %j', async (args, words) => {
    const { code, out, err } = await manage(...args);
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain(words);
  });
});

describe('the export of personal data', () => {
  test('contains the user’s account and all of their orders, but no others', async () => {
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

describe('the erasure of an account', () => {
  const erase = (as: string) => shop.request('DELETE', '/v1/me', { as, body: { password: PASSWORD } });
  const secrets = async () =>
    JSON.stringify(await shop.database('users')) + JSON.stringify(await shop.database('account_requests'));

  test.each([
    ['DELETE', '/v1/me'],
    ['POST', '/v1/me/erasure'],
  ])('by %s %s requires the password, and deletes user and sessions at once', async (method, path) => {
    const request = (body?: object) => shop.request(method, path, { as, ...(body && { body }) });
    const { id, email, as } = await newPerson('Zoë Unmistakable');
    await shop.request('POST', '/v1/password-resets', { body: { email } });
    const { token } = linkIn(await emailTo(shop, email, 2));
    expectProblem(await request({ password: 'not mine at all' }), 'wrong_password');
    expectFaults(await request(), ['#']);

    expect(await request({ password: PASSWORD })).toMatchObject({ status: 204, body: '' });

    expect(await secrets()).not.toMatch(new RegExp(`${email}|Unmistakable`));
    expect(await shop.database('oidc_artifacts').where({ account_id: id })).toEqual([]);
    await expect(shop.signIn(email, PASSWORD)).rejects.toThrow('invalid_grant');
    for (const read of ['/v1/me', '/v1/me/export', '/v1/orders', '/v1/catalog']) {
      expectProblem(await shop.request('GET', read, { as }), 'unauthenticated');
    }
    const confirm = { token, password: ANOTHER };
    expectProblem(await shop.request('POST', '/v1/password-resets/confirm', { body: confirm }), 'invalid_link');
    // The address can be registered again.
    expect((await newAccount(shop, email)).email).toBe(email);
  });

  test('keeps orders without the name, and suppresses further emails', async () => {
    const { id, email, as } = await newPerson('Zoë Unmistakable');
    const { body: order } = await shop.place({ as });
    await emailTo(shop, email, 2);
    expect((await erase(as)).status).toBe(204);
    const before = emailsTo(shop, email).length;

    for (const status of ['preparation', 'ready', 'delivered'] as const) await shop.move(order.id, status);
    await shop.waitForEnd(order.id);

    const { body } = await asManager('GET', `/v1/orders/${order.id}`);
    expect(body).toMatchObject({ status: 'delivered', customer: { id, name: null } });
    expect(emailsTo(shop, email)).toHaveLength(before);
    const ledger = await shop.database('deliveries').where({ order_id: order.id, recipient: 'customer' });
    expect(ledger.filter(({ outcome }) => outcome === 'suppressed')).toHaveLength(3);
  });

  test('is repeated after a restore from a backup, and survives a reconciliation', async () => {
    const { id, email, as } = await newPerson('Zoë Unmistakable');
    const { body: order } = await shop.place({ as });
    const { canonical_email: _, ...backup } = await shop.database('users').where({ id }).first();
    expect((await erase(as)).status).toBe(204);
    const erasure = shop.temporal.workflow.getHandle(erasureIdOf(id));
    // The workflow starts the timer after its own erasure.
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
    // A user who registered later with the same id is not erased.
    await shop.database('users').insert({ ...backup, created_at: new Date() });
    await eraseAgain({
      erasures: createErasureRecords(shop.temporal, shop.taskQueue),
      users: createUserRepository(shop.database),
    });
    expect(await shop.database('users').where({ id })).toHaveLength(1);
  });

  test('is allowed for a manager if there is another one', async () => {
    const { id, as } = await newPerson();
    await asManager('POST', `/v1/users/${id}/promote`);
    expect((await erase(as)).status).toBe(204);
    expect(await shop.database('users').where({ id })).toEqual([]);
  });

  test('can be requested twice at the same time', async () => {
    const { id, as } = await newPerson();
    const answers = await Promise.all([erase(as), erase(as)]);
    // The later request finds no account, or its token is no longer valid.
    for (const { status } of answers) expect([204, 401, 403]).toContain(status);
    expect(answers.map(({ status }) => status)).toContain(204);
    expect(await shop.database('users').where({ id })).toEqual([]);
  });
});
