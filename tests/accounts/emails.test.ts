import { randomUUID } from 'node:crypto';
import { emails } from '../../mail/samples.ts';
import { startApi } from '../../stack/programs.ts';
import { waitFor } from '../../stack/wait.ts';
import { makeDataFolder } from '../evidence/keep-on-failure.ts';
import { newCustomer } from '../http/people.ts';
import { expectFaults, expectProblem } from '../http/problem.ts';
import { openShop, type Shop } from '../shop.ts';
import { emailsTo, emailTo, linkIn, newAccount, newAddress, PASSWORD, submit } from './mailbox.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ environment: { PUBLIC_URL: 'https://crema.example', SHOP_LANGUAGE: 'pt' } });
}, 60_000);
afterAll(() => shop?.close());

const ALL = { placed: true, edited: true, progress: true, ready: true, reminder: true, cancelled: true, stopped: null };
const NONE = { ...ALL, edited: false, progress: false, ready: false, reminder: false, cancelled: false };

const preferences = async (as: string) => (await shop.request('GET', '/v1/me/email-preferences', { as })).body;
const prefer = (as: string, body: unknown) => shop.request('PATCH', '/v1/me/email-preferences', { as, body });

/** Returns a customer with an order whose receipt has arrived. */
async function newReader() {
  const { id, token: as } = await newCustomer(shop);
  const email = `${id}@example.com`;
  const { body: order } = await shop.place({ as });
  return { id, as, email, order, receipt: await emailTo(shop, email) };
}

/** Returns the path of an email's List-Unsubscribe header. */
function unsubscribePath({ mail }: Awaited<ReturnType<typeof emailTo>>): string | undefined {
  const { url } = (mail.headers.get('list') as { unsubscribe?: { url?: string } } | undefined)?.unsubscribe ?? {};
  return url?.replace('https://crema.example', '');
}

const choiceIn = (text = '') =>
  /https:\/\/crema\.example(\/account\/emails\?token=[\w-]{36})/.exec(text)?.[1] as string;

/** Returns the timeline's entries about emails to the customer. */
const emailsOf = async (orderId: string) =>
  (await shop.timeline(orderId)).filter(({ recipient }) => recipient === 'customer');

describe('email preferences', () => {
  test('suppress the emails that are turned off, and the timeline says why', async () => {
    const { as, email, order } = await newReader();
    expect(await preferences(as)).toEqual(ALL);
    expect((await prefer(as, { progress: false, reminder: false })).body).toEqual({
      ...ALL,
      progress: false,
      reminder: false,
    });
    expect((await prefer(as, { reminder: true })).body).toEqual({ ...ALL, progress: false });

    for (const status of ['preparation', 'ready', 'delivered'] as const) await shop.move(order.id, status);
    await shop.waitForEnd(order.id);

    expect(emailsTo(shop, email)).toHaveLength(2);
    const [receipt, preparation, ready, delivered] = await emailsOf(order.id);
    expect([receipt?.outcome, ready?.outcome]).toEqual(['sent', 'sent']);
    for (const line of [preparation, delivered]) {
      expect(line).toMatchObject({ outcome: 'suppressed', reason: 'The customer has turned off emails of this kind.' });
    }
  });

  test('reject an empty change, unknown kinds and the receipt', async () => {
    const { token: as } = await newCustomer(shop);
    expectFaults(await prefer(as, {}), ['#']);
    expectFaults(await prefer(as, { placed: false, ready: true }), ['#/placed']);
    expectFaults(await prefer(as, { ready: 'no' }), ['#/ready']);
    expect(await preferences(as)).toEqual(ALL);
  });

  test('are part of the export, and are deleted with the account', async () => {
    const { email } = await newAccount(shop);
    const as = await shop.signIn(email, PASSWORD);
    await prefer(as, { ready: false });
    await shop.database('email_suppressions').insert({
      address_hash: shop.database.raw("encode(sha256(convert_to(?, 'UTF8')), 'hex')", [email]),
      reason: 'complained',
      at: new Date(),
    });
    const { body } = await shop.request('GET', '/v1/me/export', { as });
    expect(body.emailPreferences).toEqual({ ...ALL, ready: false, stopped: 'complained' });
    expect(JSON.stringify(body)).not.toContain('oken');

    expect((await shop.request('DELETE', '/v1/me', { as, body: { password: PASSWORD } })).status).toBe(204);

    expect(await shop.database('users').where({ email })).toEqual([]);
    expect(await shop.database('email_suppressions')).toEqual([]);
  });
});

describe('one-click unsubscription', () => {
  test('is offered by all emails except receipts, and stops them', async () => {
    const { id, as, email, order, receipt } = await newReader();
    expect(unsubscribePath(receipt)).toBeUndefined();
    expect(choiceIn(receipt.mail.text)).toMatch(/token=/);
    await shop.move(order.id, 'preparation');
    const notice = await emailTo(shop, email, 2);
    expect(notice.raw.toString()).toMatch(/^List-Unsubscribe-Post: List-Unsubscribe=One-Click\r$/m);
    const path = unsubscribePath(notice)!;
    expect(path).toMatch(/^\/account\/unsubscribe\?token=[\w-]{36}$/);

    // Mail scanners open links. That must not unsubscribe.
    for (const method of ['GET', 'HEAD']) expect((await shop.request(method, path)).status).toBe(200);
    expect(await preferences(as)).toEqual(ALL);

    const boundary = 'b1';
    const body = `--${boundary}\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--${boundary}--\r\n`;
    const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` };
    const answer = await shop.request('POST', path, { body, headers });
    expect([answer.status, answer.headers.get('location')]).toEqual([200, null]);
    expect(answer.body).toContain('só os recibos');

    expect(await preferences(as)).toEqual(NONE);
    await shop.move(order.id, 'ready');
    await shop.move(order.id, 'delivered');
    await shop.waitForEnd(order.id);
    expect(emailsTo(shop, email)).toHaveLength(2);
    await shop.place({ as });
    expect((await emailTo(shop, email, 3)).mail.subject).toMatch(/pedido #/);
    expect((await shop.database('users').where({ id }).first()).unwanted_emails).toHaveLength(5);
  });

  test('also accepts a URL-encoded form', async () => {
    const { as, receipt } = await newReader();
    const path = choiceIn(receipt.mail.text).replace('emails', 'unsubscribe');
    expect((await submit(shop, path, { 'List-Unsubscribe': 'One-Click' })).status).toBe(200);
    expect(await preferences(as)).toEqual(NONE);
  });
});

describe('the page of email preferences', () => {
  test('shows and changes the preferences without sign-in', async () => {
    const { as, email, receipt } = await newReader();
    const path = choiceIn(receipt.mail.text);
    const token = path.split('=')[1]!;
    await prefer(as, { reminder: false });

    const { status, body } = await shop.request('GET', path);
    expect(status).toBe(200);
    expect(body).toContain(email);
    expect(body).toContain('<html lang="pt-BR">');
    await shop.request('PATCH', '/v1/me', { as, body: { language: 'en' } });
    expect((await shop.request('GET', path)).body).toMatch(/<html lang="en-US">[\s\S]*Only receipts, please/);
    await shop.request('PATCH', '/v1/me', { as, body: { language: null } });
    const checked = [...body.matchAll(/name="(\w+)" value="yes" checked/g)].map(([, kind]) => kind);
    expect(checked).toEqual(['edited', 'progress', 'ready', 'cancelled']);

    expect((await submit(shop, '/account/emails', { token, ready: 'yes', cancelled: 'yes' })).body).toContain(
      'escolheu',
    );
    expect(await preferences(as)).toEqual({ ...NONE, ready: true, cancelled: true });
    expect((await submit(shop, '/account/emails', { token, ready: 'yes', none: 'yes' })).body).toContain(
      'só os recibos',
    );
    expect(await preferences(as)).toEqual(NONE);
  });

  test.each(['', randomUUID(), 'x', "' OR 1=1 --"])('answers 410 to the token %j', async (token) => {
    for (const path of ['/account/emails', '/account/unsubscribe']) {
      const address = `${path}?token=${encodeURIComponent(token)}`;
      expect((await shop.request('GET', address)).status).toBe(410);
      expect((await submit(shop, address, { token })).status).toBe(410);
    }
  });
});

describe('the language of emails', () => {
  const register = (body: object, headers = {}) => {
    const email = newAddress();
    return shop
      .request('POST', '/v1/users', { body: { email, name: 'Ana', ...body }, headers })
      .then(({ status }) => ({ email, status }));
  };

  test.each([
    ['the request', { language: 'en' }, { 'accept-language': 'pt-BR' }, 'en', /^Confirm your address/],
    ['Accept-Language', {}, { 'accept-language': 'fr, en-GB;q=0.8' }, 'en', /^Confirm your address/],
    ['the shop’s default', {}, { 'accept-language': 'fr' }, null, /^Confirme o seu endereço/],
  ])('comes from %s', async (_source, body, headers, language, subject) => {
    const { email } = await register(body, headers);
    const arrival = await emailTo(shop, email);
    expect(arrival.mail.subject).toMatch(subject);
    const { token } = linkIn(arrival);
    const verified = await shop.request('POST', '/v1/users/verify', { body: { token, password: PASSWORD } });
    expect(verified.body.language).toBe(language);
  });

  test('comes from Accept-Language on the registration page', async () => {
    const email = newAddress();
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'accept-language': 'en' };
    const body = new URLSearchParams({ email, name: 'Ana' }).toString();
    await shop.request('POST', '/account/register', { body, headers });
    expect((await emailTo(shop, email)).mail.subject).toMatch(/^Confirm your address/);
  });

  test('applies to texts and amounts; the shop gets its own language', async () => {
    const { id, token: as } = await newCustomer(shop);
    const change = (language: unknown) => shop.request('PATCH', '/v1/me', { as, body: { language } });
    expect((await change('en')).body.language).toBe('en');
    for (const unknown of ['xx', 7]) expectFaults(await change(unknown), ['#/language']);

    const { body: order } = await shop.place({ as });
    const { mail } = await emailTo(shop, `${id}@example.com`);
    expect([mail.subject, mail.text]).toEqual([
      expect.stringMatching(/^We’ve got your order/),
      expect.stringMatching(/\$4\.30/),
    ]);
    const toShop = () => shop.emailsAbout(order.id).find(({ to }) => to === 'shop@crema.example');
    await waitFor('The email to the shop', () => toShop() !== undefined, { deadline: 20_000 });
    expect(toShop()?.subject).toMatch(/^Novo pedido/);

    expect((await change(null)).body.language).toBe(null);
    await shop.move(order.id, 'preparation');
    expect((await emailTo(shop, `${id}@example.com`, 2)).mail.subject).toMatch(/^Estamos preparando/);
  });
});

describe('a suppressed address', () => {
  test('receives no email until a manager lifts the suppression', async () => {
    const { id, as, email, order } = await newReader();
    await shop.database('email_suppressions').insert({
      address_hash: shop.database.raw("encode(sha256(convert_to(?, 'UTF8')), 'hex')", [email]),
      reason: 'bounced',
      at: new Date(),
    });
    expect(await preferences(as)).toEqual({ ...ALL, stopped: 'bounced' });
    await shop.move(order.id, 'preparation');
    await waitFor('A suppressed email', async () => (await emailsOf(order.id)).length === 2, { deadline: 20_000 });
    expect((await emailsOf(order.id))[1]).toMatchObject({
      outcome: 'suppressed',
      reason: expect.stringContaining('bounced'),
    });
    await shop.request('POST', '/v1/password-resets', { body: { email } });

    const lift = (address: string) =>
      shop.request('POST', '/v1/email-suppressions/lift', { as: shop.manager, body: { email: address } });
    await waitFor(
      'The end of the reset',
      async () => (await shop.database('account_requests').where({ email })).length === 0,
      {
        deadline: 20_000,
      },
    );
    expect(emailsTo(shop, email)).toHaveLength(1);
    expect((await lift(email.toUpperCase())).status).toBe(204);
    const again = await lift(email);
    expectProblem(again, 'not_found');

    expect(await preferences(as)).toEqual(ALL);
    await shop.move(order.id, 'ready');
    expect((await emailTo(shop, email, 2)).mail.subject).toMatch(/está pronto/);
    expect(await shop.database('users').where({ id })).toHaveLength(1);
  });
});

describe('the preview of emails', () => {
  test('shows every email in every language, as HTML and as text', async () => {
    const { status, headers, body } = await shop.request('GET', '/dev/emails');
    expect(status).toBe(200);
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    const addresses = [...body.matchAll(/src="(\/dev\/emails\/en\/[\w-]+)"/g)].map(([, address]) => address as string);
    expect(addresses).toHaveLength(emails.length);
    expect(body).toContain('href="/dev/emails/pt"');
    for (const address of [addresses[0]!, addresses.at(-1)!, '/dev/emails/pt/shop-placed']) {
      const page = await shop.request('GET', address);
      expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
      const text = await shop.request('GET', `${address}.txt`);
      expect(text.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    }
    expect((await shop.request('GET', '/dev/emails/pt/shop-placed.txt')).body).toContain('Novo pedido');
  });

  test.each(['/dev/emails/xx', '/dev/emails/en/nothing', '/dev/emails/en/shop-placed.pdf'])(
    'answers 404 to %s',
    async (path) => {
      expectProblem(await shop.request('GET', path), 'not_found');
    },
  );

  test('does not exist in production', async () => {
    const data = makeDataFolder('production');
    const PAYLOAD_KEYS = `one:${Buffer.alloc(32, 'crema').toString('base64')}`;
    const environment = { ...shop.environment, NODE_ENV: 'production', RATE_LIMITS: 'on', PAYLOAD_KEYS };
    const api = await startApi({ dataDir: data.path, environment });
    try {
      const answer = await fetch(`${api.url}/dev/emails`);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([404, 'application/problem+json']);
    } finally {
      await api.stop();
      data.remove();
    }
  });

  test('rejects POST', async () => {
    expect((await shop.request('POST', '/dev/emails')).status).toBe(404);
  });
});
