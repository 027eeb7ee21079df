import { createHash } from 'node:crypto';
import { createAccountService } from '../../api/accounts/service.ts';
import { createAccountRequestRepository } from '../../db/account-requests.ts';
import { connect } from '../../db/connection.ts';
import { createUnitOfWork } from '../../db/unit-of-work.ts';
import { createUserRepository } from '../../db/users.ts';
import { waitFor } from '../../stack/wait.ts';
import { accountEmailIdOf } from '../../workflows/messages/accounts.ts';
import { smtpError } from '../email/mail-servers.ts';
import { expectFaults, expectProblem } from '../http/problem.ts';
import { type Relay, startRelay } from '../relay.ts';
import { openShop, type Shop } from '../shop.ts';
import {
  ANOTHER,
  emailsTo,
  emailTo,
  lastingHeaders,
  linkIn,
  newAccount,
  newAddress,
  PASSWORD,
  postTo,
} from './mailbox.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, 60_000);
afterAll(() => shop?.close());

const post = postTo(() => shop);
const register = (email: string, more = {}) => post('/v1/users', { email, name: 'Ana Souza', ...more });
const verify = (token: string, password = PASSWORD) => post('/v1/users/verify', { token, password });
const requestOf = (email: string) => shop.database('account_requests').where({ email }).first();

/** Waits until the request for an address is closed: its row is deleted. */
const requestClosed = (email: string) =>
  waitFor(`The end of the request for ${email}`, async () => (await requestOf(email)) === undefined, {
    deadline: 20_000,
  });

/** Returns everything that Temporal stores about the email of a request, as text. */
async function historyOf(requestId: string): Promise<string> {
  const handle = shop.temporal.workflow.getHandle(accountEmailIdOf(requestId));
  const { raw } = await handle.describe();
  return JSON.stringify([await handle.fetchHistory(), raw], (_key, value) =>
    value instanceof Uint8Array ? Buffer.from(value).toString() : value,
  );
}

describe('registration', () => {
  test('allows sign-in only after the emailed link was used', async () => {
    const email = newAddress();
    expect(await register(email)).toMatchObject({ status: 202, body: {} });
    const arrival = await emailTo(shop, email);
    await expect(shop.signIn(email, PASSWORD)).rejects.toThrow('invalid_grant');

    const { path, token } = linkIn(arrival);
    expect(path).toBe('/account/verify');
    expectFaults(await post('/v1/users/verify', { token }), ['#/password']);
    const { status, body } = await verify(token);

    expect([status, body]).toEqual([200, expect.objectContaining({ email, name: 'Ana Souza', role: 'customer' })]);
    const as = await shop.signIn(email.toUpperCase(), PASSWORD);
    expect((await shop.request('GET', '/v1/me', { as })).body).toMatchObject({ id: body.id, email, role: 'customer' });
    expect((await shop.place({ as })).status).toBe(201);
  });

  test('stores no personal data or token in Temporal, and no token in Postgres', async () => {
    const email = newAddress();
    await register(email, { name: 'Zenobia Unmistakable' });
    const { token } = linkIn(await emailTo(shop, email));
    const row = await requestOf(email);
    await waitFor(
      'The end of the email',
      async () =>
        (await shop.temporal.workflow.getHandle(accountEmailIdOf(row.id)).describe()).status.name === 'COMPLETED',
      { deadline: 20_000 },
    );

    const history = await historyOf(row.id);
    expect(history).toContain(row.id);
    for (const secret of [email, 'Zenobia', token]) expect(history).not.toContain(secret);
    const links = await shop.database('account_links').where({ request_id: row.id });
    expect(links.map(({ token_hash }) => token_hash)).toEqual([createHash('sha256').update(token).digest('base64url')]);
  });

  test('answers the same for a known address, and notifies its owner', async () => {
    const { email } = await newAccount(shop);
    const known = await register(email);
    const unknown = await register(newAddress());

    expect([known.status, known.body]).toEqual([unknown.status, unknown.body]);
    expect(lastingHeaders(known)).toEqual(lastingHeaders(unknown));
    const { mail } = await emailTo(shop, email, 2);
    expect(mail.subject).toBe('You already have an account at Crema');
    expect(mail.text).not.toContain('token');
    expect(linkIn(await emailTo(shop, email, 2)).path).toBe('/account/forgot');
    await requestClosed(email);
    await shop.signIn(email, PASSWORD);
  });

  test('does the same work for a known address as for an unknown one', async () => {
    const { email } = await newAccount(shop);
    const database = connect(
      (shop.database.client.config.connection as { connectionString: string }).connectionString,
      { max: 1 },
    );
    let done: string[] = [];
    database.on('query', ({ sql }) => done.push(sql));
    const accounts = createAccountService({
      users: createUserRepository(database),
      accountRequests: createAccountRequestRepository(database),
      unitOfWork: createUnitOfWork(database),
      passwordRules: { refuse: async () => undefined, close: async () => {} },
      checkPassword: async () => ({ refused: 'wrong_password' }),
      takeEmailQuota: async () => undefined,
      workflows: { email: async ({ about }) => void done.push(`email ${about}`), erase: async () => {} },
      onAccessChanged: () => {},
    });
    const workFor = async (request: (address: string) => Promise<unknown>, address: string) => {
      done = [];
      expect(await request(address)).toBeUndefined();
      return done;
    };
    try {
      for (const request of [
        (address: string) => accounts.register({ email: address, name: 'Ana' }),
        (address: string) => accounts.requestReset(address),
      ]) {
        const work = await workFor(request, email);
        expect(work.filter((step) => step.startsWith('insert')).concat(work.at(-1)!)).toHaveLength(2);
        expect(await workFor(request, newAddress())).toEqual(work);
      }
    } finally {
      await database.destroy();
    }
  });

  test('opens one account for two links of the same address', async () => {
    const email = newAddress();
    await register(email);
    await register(email);
    const [first, second] = [linkIn(await emailTo(shop, email, 1)), linkIn(await emailTo(shop, email, 2))];

    const answers = await Promise.all([first, second].map(({ token }) => verify(token)));

    expect(answers.map(({ status }) => status).sort()).toEqual([200, 410]);
    expect(await shop.database('users').where({ email })).toHaveLength(1);
  });

  test('rejects additional fields such as role and verifiedAt', async () => {
    const email = newAddress();
    for (const field of ['role', 'verifiedAt', 'id', 'password', 'password_hash', '__proto__']) {
      const body = `{"email": "${email}", "name": "Eve", "${field}": "manager"}`;
      expectFaults(await post('/v1/users', body), [`#/${field}`]);
    }
    expect(await requestOf(email)).toBeUndefined();
  });

  test.each([
    [{ email: 'ana' }, '#/email'],
    [{ email: `${'a'.repeat(65)}@example.com` }, '#/email'],
    [{ email: `ana@${'a'.repeat(64)}.com` }, '#/email'],
    [{ email: 'ana@example-.com' }, '#/email'],
    [{ email: 'ana@example.com\r\nBcc: eve@example.com' }, '#/email'],
    [{ email: `${'a'.repeat(250)}@example.com` }, '#/email'],
    [{ name: ' ' }, '#/name'],
    [{ name: 'Ana\r\nBcc: eve@example.com' }, '#/name'],
  ])('rejects %j', async (fields, place) => {
    const email = newAddress();
    expectFaults(await register(email, fields), [place]);
    expect(await requestOf(email)).toBeUndefined();
  });

  test.each(['x'.repeat(129), 'too short', 'password123456789', 'Ana Souza Ana Souza'])(
    'rejects the password %j and keeps the link valid',
    async (weak) => {
      const email = newAddress();
      await register(email);
      const { token } = linkIn(await emailTo(shop, email));
      expectFaults(await verify(token, weak), ['#/password']);
      expect((await verify(token)).status).toBe(200);
    },
  );
});

describe('an emailed link', () => {
  test('accepts one of twenty concurrent verifications', async () => {
    const email = newAddress();
    await register(email);
    const { token } = linkIn(await emailTo(shop, email));
    const answers = await Promise.all(Array.from({ length: 20 }, () => verify(token)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const answer of answers.filter(({ status }) => status !== 200)) expectProblem(answer, 'invalid_link');
    expect(await requestOf(email)).toBeUndefined();
  });

  test('accepts one of twenty concurrent new passwords', async () => {
    const { email } = await newAccount(shop);
    await post('/v1/password-resets', { email });
    const { token } = linkIn(await emailTo(shop, email, 2));
    const passwords = Array.from({ length: 20 }, (_, n) => `${ANOTHER} number ${n}`);
    const answers = await Promise.all(
      passwords.map((password) => post('/v1/password-resets/confirm', { token, password })),
    );
    const [winner, ...others] = passwords.filter((_, n) => answers[n]?.status === 200);
    expect([answers.filter(({ status }) => status === 410).length, others]).toEqual([19, []]);
    await shop.signIn(email, winner);
    expect((await emailTo(shop, email, 3)).mail.subject).toBe('Your password for Crema was changed');
  });

  test('answers the same if it has expired, has another purpose or does not exist', async () => {
    const email = newAddress();
    await register(email);
    const { token } = linkIn(await emailTo(shop, email));
    expectProblem(await post('/v1/password-resets/confirm', { token, password: ANOTHER }), 'invalid_link');
    const row = await requestOf(email);
    await shop.database('account_links').where({ request_id: row.id }).update({ expires_at: new Date() });
    expectProblem(await verify(token), 'invalid_link');
    expectProblem(await verify('A'.repeat(43)), 'invalid_link');
    expectFaults(await verify('short'), ['#/token']);
  });

  test('is deleted with its request once the request has expired', async () => {
    const [late, early] = [newAddress(), newAddress()];
    await Promise.all([late, early].map((email) => register(email)));
    await Promise.all([late, early].map((email) => emailTo(shop, email)));
    await shop
      .database('account_requests')
      .where({ email: late })
      .update({ expires_at: new Date(0) });
    await createAccountRequestRepository(shop.database).closeExpired();
    expect([await requestOf(late), await requestOf(early)]).toEqual([undefined, expect.anything()]);
  });
});

describe('a password reset', () => {
  const requestReset = (email: string) => post('/v1/password-resets', { email });

  test('sets a new password once, ends all sessions and sends a notice', async () => {
    const { email } = await newAccount(shop);
    const form = { grant_type: 'password', client_id: 'crema', username: email, password: PASSWORD };
    const signIn = await fetch(`${shop.url}/oauth/token`, { method: 'POST', body: new URLSearchParams(form) });
    const { access_token: as, refresh_token } = (await signIn.json()) as {
      access_token: string;
      refresh_token: string;
    };
    const read = () => shop.request('GET', '/v1/orders', { as });
    expect((await read()).status).toBe(200);

    expect(await requestReset(email.toUpperCase())).toMatchObject({ status: 202, body: {} });
    expect(await requestReset(email)).toMatchObject({ status: 202, body: {} });
    const [{ path, token }, other] = [linkIn(await emailTo(shop, email, 2)), linkIn(await emailTo(shop, email, 3))];
    expect(path).toBe('/account/password');
    expectFaults(await post('/v1/password-resets/confirm', { token, password: 'short' }), ['#/password']);
    const { status, body } = await post('/v1/password-resets/confirm', { token, password: ANOTHER });

    expect([status, body.email]).toEqual([200, email]);
    expectProblem(await read(), 'unauthenticated');
    const refresh = { grant_type: 'refresh_token', client_id: 'crema', refresh_token };
    const refreshed = await fetch(`${shop.url}/oauth/token`, { method: 'POST', body: new URLSearchParams(refresh) });
    expect([refreshed.status, await refreshed.json()]).toEqual([
      400,
      expect.objectContaining({ error: 'invalid_grant' }),
    ]);
    await expect(shop.signIn(email, PASSWORD)).rejects.toThrow('invalid_grant');
    await shop.signIn(email, ANOTHER);
    for (const spent of [token, other.token]) {
      expectProblem(await post('/v1/password-resets/confirm', { token: spent, password: PASSWORD }), 'invalid_link');
    }
    expect((await emailTo(shop, email, 4)).mail.subject).toBe('Your password for Crema was changed');
  });

  test('answers the same for an unknown address, and sends no email there', async () => {
    const { email } = await newAccount(shop);
    const stranger = newAddress();
    const [unknown, known] = [await requestReset(stranger), await requestReset(email)];
    expect([unknown.status, unknown.body]).toEqual([known.status, known.body]);
    expect(lastingHeaders(unknown)).toEqual(lastingHeaders(known));
    await emailTo(shop, email, 2);
    await requestClosed(stranger);
    expect(emailsTo(shop, stranger)).toEqual([]);
  });
});

describe('a password change', () => {
  test('requires the old password, ends all other sessions and sends a notice', async () => {
    const { email } = await newAccount(shop);
    const [as, elsewhere] = [await shop.signIn(email, PASSWORD), await shop.signIn(email, PASSWORD)];
    expect((await shop.request('GET', '/v1/me', { as: elsewhere })).status).toBe(200);
    const change = (currentPassword: string, newPassword: string) =>
      post('/v1/me/password', { currentPassword, newPassword }, as);
    expectProblem(await change('not mine at all', ANOTHER), 'wrong_password');
    expectFaults(await change(PASSWORD, 'qwertyuiopasdfghjkl'), ['#/newPassword']);
    await shop.request('POST', '/v1/password-resets', { body: { email } });
    const { token } = linkIn(await emailTo(shop, email, 2));

    expect((await change(PASSWORD, ANOTHER)).status).toBe(204);

    await shop.signIn(email, ANOTHER);
    await expect(shop.signIn(email, PASSWORD)).rejects.toThrow('invalid_grant');
    expect((await shop.request('GET', '/v1/me', { as })).status).toBe(200);
    expectProblem(await shop.request('GET', '/v1/me', { as: elsewhere }), 'unauthenticated');
    expect((await emailTo(shop, email, 3)).mail.subject).toBe('Your password for Crema was changed');
    expectProblem(await post('/v1/password-resets/confirm', { token, password: PASSWORD }), 'invalid_link');
  });

  test('accepts the password in another Unicode normalization form', async () => {
    const email = newAddress();
    await register(email);
    await verify(linkIn(await emailTo(shop, email)).token, 'neun Veilchen über dem Café');
    await shop.signIn(email, 'neun Veilchen über dem Café'.normalize('NFD'));
  });
});

describe('a name change', () => {
  test('is visible at once, and changes no other field', async () => {
    const { email } = await newAccount(shop);
    const as = await shop.signIn(email, PASSWORD);
    await shop.request('GET', '/v1/me', { as });
    const change = (body: unknown) => shop.request('PATCH', '/v1/me', { as, body });
    expect((await change({ name: 'Ana María' })).body).toMatchObject({ email, name: 'Ana María' });
    expect((await shop.request('GET', '/v1/me', { as })).body.name).toBe('Ana María');
    expectFaults(await change({ name: 'Ana', role: 'manager' }), ['#/role']);
    expectFaults(await change({}), ['#']);
  });
});

describe('an address change', () => {
  const change = (as: string, email: string, currentPassword = PASSWORD) =>
    shop.request('PATCH', '/v1/me', { as, body: { email, currentPassword } });

  test('requires the password and the emailed link, and notifies the old address', async () => {
    const { email } = await newAccount(shop);
    const as = await shop.signIn(email, PASSWORD);
    const next = newAddress();
    expectProblem(await change(as, next, 'not mine at all'), 'wrong_password');
    expectFaults(await shop.request('PATCH', '/v1/me', { as, body: { email: next } }), ['#/currentPassword']);

    expect((await change(as, next)).body).toMatchObject({ email });
    const { path, token } = linkIn(await emailTo(shop, next));
    expect((await emailTo(shop, email, 2)).mail.subject).toBe('Your address for Crema is about to change');
    await shop.signIn(email, PASSWORD);
    expect((await shop.request('GET', `${path}?token=${token}`)).body).toContain('will be your new address');
    expect((await post('/v1/users/verify', { token })).body).toMatchObject({ email: next });

    await shop.signIn(next, PASSWORD);
    await expect(shop.signIn(email, PASSWORD)).rejects.toThrow('invalid_grant');
    expect((await shop.request('GET', '/v1/me', { as })).body.email).toBe(next);
    expectProblem(await post('/v1/users/verify', { token }), 'invalid_link');
  });

  test('is rejected for a taken address, and is cancelled by a password change', async () => {
    const [{ email }, other] = [await newAccount(shop), await newAccount(shop)];
    const as = await shop.signIn(email, PASSWORD);
    const [taken, late] = [newAddress(), newAddress()];
    await change(as, other.email);
    expect((await emailTo(shop, other.email, 2)).mail.subject).toBe('You already have an account at Crema');
    await change(as, taken);
    const { token } = linkIn(await emailTo(shop, taken));
    await newAccount(shop, taken);
    expectProblem(await post('/v1/users/verify', { token }), 'invalid_link');

    await change(as, late);
    const stale = linkIn(await emailTo(shop, late)).token;
    await post('/v1/me/password', { currentPassword: PASSWORD, newPassword: ANOTHER }, as);
    expectProblem(await post('/v1/users/verify', { token: stale }), 'invalid_link');
    expect((await shop.request('GET', '/v1/me', { as })).body.email).toBe(email);
  });
});

describe('an outage of the mail server or Temporal', () => {
  let recipients = 0;
  let failing: Shop;
  let relay: Relay;
  beforeAll(async () => {
    relay = await startRelay(process.env.TEMPORAL_ADDRESS as string);
    failing = await openShop({
      environment: { TEMPORAL_ADDRESS: relay.address },
      smtp: {
        onRcptTo({ address }, _session, done) {
          recipients += 1;
          if (address.startsWith('nobody')) return done(smtpError(550, 'No such user'));
          done(recipients === 1 ? smtpError(451, 'Later') : null);
        },
      },
    });
  }, 60_000);
  afterAll(async () => {
    await failing?.close();
    await relay?.close();
  });

  test('retries an email after a temporary failure, but not after a permanent one', async () => {
    const [email, unknown] = [newAddress(), `nobody-${newAddress()}`];
    const body = { name: 'Ana' };
    await failing.request('POST', '/v1/users', { body: { email, ...body } });
    const { token } = linkIn(await emailTo(failing, email));
    expect(recipients).toBe(2);
    expect((await failing.request('POST', '/v1/users/verify', { body: { token, password: PASSWORD } })).status).toBe(
      200,
    );

    await failing.request('POST', '/v1/users', { body: { email: unknown, ...body } });
    const gone = async () => (await failing.database('account_requests').where({ email: unknown })).length === 0;
    await waitFor('The refusal', gone, { deadline: 20_000 });
    expect(recipients).toBe(3);
  });

  test('changes nothing while Temporal is down, and answers 503 with Retry-After', async () => {
    const { email } = await newAccount(failing);
    const as = await failing.signIn(email, PASSWORD);
    const stranger = newAddress();
    relay.cut();
    const answers = await Promise.all([
      failing.request('POST', '/v1/users', { body: { email: stranger, name: 'Ana' } }),
      failing.request('POST', '/v1/password-resets', { body: { email } }),
      failing.request('POST', '/v1/me/password', { as, body: { currentPassword: PASSWORD, newPassword: ANOTHER } }),
      failing.request('DELETE', '/v1/me', { as, body: { password: PASSWORD } }),
    ]);
    relay.mend();

    expect(answers.map(({ status, body: { code }, headers }) => [status, code, headers.get('retry-after')])).toEqual([
      ...Array(3).fill([503, 'unavailable', '1']),
      [503, 'outcome_unknown', '1'],
    ]);
    expect(await failing.database('account_requests').whereIn('email', [stranger, email])).toEqual([]);
    await failing.signIn(email, PASSWORD);
  });
});
