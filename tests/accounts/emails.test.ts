import { randomUUID } from 'node:crypto';
import { emails } from '../../mail/samples.ts';
import { startApi } from '../../stack/programs.ts';
import { waitFor } from '../../stack/wait.ts';
import { makeDataFolder } from '../evidence/evidence.ts';
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

/** Somebody with an order, whose receipt has arrived. */
async function newReader() {
  const { id, token: as } = await newCustomer(shop);
  const email = `${id}@example.com`;
  const { body: order } = await shop.place({ as });
  return { id, as, email, order, receipt: await emailTo(shop, email) };
}

/** Where the list headers of a mail lead, as a path. */
function unsubscribePath({ mail }: Awaited<ReturnType<typeof emailTo>>): string | undefined {
  const { url } = (mail.headers.get('list') as { unsubscribe?: { url?: string } } | undefined)?.unsubscribe ?? {};
  return url?.replace('https://crema.example', '');
}

const choiceIn = (text = '') =>
  /https:\/\/crema\.example(\/account\/emails\?token=[\w-]{36})/.exec(text)?.[1] as string;

/** The customer's lines on the timeline about mail. */
async function emailsOf(orderId: string) {
  const { body } = await shop.request('GET', `/v1/orders/${orderId}/timeline`, { as: shop.manager });
  return body.data.filter(({ recipient }: { recipient: string }) => recipient === 'customer');
}

describe('When a customer chooses which emails they get', () => {
  test('then those they do without are suppressed, and the ledger says why', async () => {
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
    expect([receipt.outcome, ready.outcome]).toEqual(['sent', 'sent']);
    for (const line of [preparation, delivered]) {
      expect(line).toMatchObject({ outcome: 'suppressed', reason: 'The customer wants no mail of this kind.' });
    }
  });

  test('then what is no choice is refused', async () => {
    const { token: as } = await newCustomer(shop);
    expectFaults(await prefer(as, {}), ['#']);
    expectFaults(await prefer(as, { placed: false, ready: true }), ['#/placed']);
    expectFaults(await prefer(as, { ready: 'no' }), ['#/ready']);
    expect(await preferences(as)).toEqual(ALL);
  });

  test('then their export has it, and nothing is left of it once they are forgotten', async () => {
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

describe('When a mailbox unsubscribes with one click', () => {
  test('then the receipt has no such header, all other emails have, and none but receipts follow', async () => {
    const { id, as, email, order, receipt } = await newReader();
    expect(unsubscribePath(receipt)).toBeUndefined();
    expect(choiceIn(receipt.mail.text)).toMatch(/token=/);
    await shop.move(order.id, 'preparation');
    const news = await emailTo(shop, email, 2);
    expect(news.raw.toString()).toMatch(/^List-Unsubscribe-Post: List-Unsubscribe=One-Click\r$/m);
    const path = unsubscribePath(news)!;
    expect(path).toMatch(/^\/account\/unsubscribe\?token=[\w-]{36}$/);

    // Programs that look at emails open links: nothing comes of that.
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

  test('then a form in place of the other kind does the same', async () => {
    const { as, receipt } = await newReader();
    const path = choiceIn(receipt.mail.text).replace('emails', 'unsubscribe');
    expect((await submit(shop, path, { 'List-Unsubscribe': 'One-Click' })).status).toBe(200);
    expect(await preferences(as)).toEqual(NONE);
  });
});

describe('When a customer opens the link in a mail', () => {
  test('then they see what they get, and choose without signing in', async () => {
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

  test.each(['', randomUUID(), 'x', "' OR 1=1 --"])('then %j leads nowhere', async (token) => {
    for (const path of ['/account/emails', '/account/unsubscribe']) {
      const address = `${path}?token=${encodeURIComponent(token)}`;
      expect((await shop.request('GET', address)).status).toBe(410);
      expect((await submit(shop, address, { token })).status).toBe(410);
    }
  });
});

describe('When somebody has a language', () => {
  const register = (body: object, headers = {}) => {
    const email = newAddress();
    return shop
      .request('POST', '/v1/users', { body: { email, name: 'Ana', ...body }, headers })
      .then(({ status }) => ({ email, status }));
  };

  test.each([
    ['what they say', { language: 'en' }, { 'accept-language': 'pt-BR' }, 'en', /^Confirm your address/],
    ['what their browser says', {}, { 'accept-language': 'fr, en-GB;q=0.8' }, 'en', /^Confirm your address/],
    ['nothing but the shop’s own', {}, { 'accept-language': 'fr' }, null, /^Confirme o seu endereço/],
  ])('then their account has it, by %s', async (_how, body, headers, language, subject) => {
    const { email } = await register(body, headers);
    const arrival = await emailTo(shop, email);
    expect(arrival.mail.subject).toMatch(subject);
    const { token } = linkIn(arrival);
    const verified = await shop.request('POST', '/v1/users/verify', { body: { token, password: PASSWORD } });
    expect(verified.body.language).toBe(language);
  });

  test('then the page where they register takes it from their browser', async () => {
    const email = newAddress();
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'accept-language': 'en' };
    const body = new URLSearchParams({ email, name: 'Ana' }).toString();
    await shop.request('POST', '/account/register', { body, headers });
    expect((await emailTo(shop, email)).mail.subject).toMatch(/^Confirm your address/);
  });

  test('then the emails that follow are in it, amounts as well, and the shop reads its own', async () => {
    const { id, token: as } = await newCustomer(shop);
    const change = (language: unknown) => shop.request('PATCH', '/v1/me', { as, body: { language } });
    expect((await change('en')).body.language).toBe('en');
    for (const odd of ['xx', 7]) {
      const answer = await change(odd);
      expectFaults(answer, ['#/language']);
    }

    const { body: order } = await shop.place({ as });
    const { mail } = await emailTo(shop, `${id}@example.com`);
    expect([mail.subject, mail.text]).toEqual([
      expect.stringMatching(/^We’ve got your order/),
      expect.stringMatching(/\$4\.30/),
    ]);
    const toShop = () => shop.emailsAbout(order.id).find(({ to }) => to === 'shop@crema.example');
    await waitFor('The mail to the shop', () => toShop() !== undefined, { deadline: 20_000 });
    expect(toShop()?.subject).toMatch(/^Novo pedido/);

    expect((await change(null)).body.language).toBe(null);
    await shop.move(order.id, 'preparation');
    expect((await emailTo(shop, `${id}@example.com`, 2)).mail.subject).toMatch(/^Estamos preparando/);
  });
});

describe('When an address takes no mail', () => {
  test('then a manager can have it written to again', async () => {
    const { id, as, email, order } = await newReader();
    await shop.database('email_suppressions').insert({
      address_hash: shop.database.raw("encode(sha256(convert_to(?, 'UTF8')), 'hex')", [email]),
      reason: 'bounced',
      at: new Date(),
    });
    expect(await preferences(as)).toEqual({ ...ALL, stopped: 'bounced' });
    await shop.move(order.id, 'preparation');
    await waitFor('A suppressed mail', async () => (await emailsOf(order.id)).length === 2, { deadline: 20_000 });
    expect((await emailsOf(order.id))[1]).toMatchObject({
      outcome: 'suppressed',
      reason: expect.stringContaining('came back'),
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

describe('When a developer looks at the emails', () => {
  test('then a page shows every one of them, in every language, as HTML and as text', async () => {
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
    'then there is no %s',
    async (path) => {
      expectProblem(await shop.request('GET', path), 'not_found');
    },
  );

  test('then production has no such page', async () => {
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

  test('then a page only shows', async () => {
    expect((await shop.request('POST', '/dev/emails')).status).toBe(404);
  });
});
