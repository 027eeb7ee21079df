import type { Browser } from 'playwright-core';
import { openChromium } from '../chromium.ts';
import { expectProblem } from '../http/problem.ts';
import { openShop, type Shop } from '../shop.ts';
import { ANOTHER, emailsTo, emailTo, linkIn, newAccount, newAddress, PASSWORD, submit } from './mailbox.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, 60_000);
afterAll(() => shop?.close());

const open = (path: string, token = 'A'.repeat(43)) => shop.request('GET', `${path}?token=${token}`);

test.each(['\u2068Ana\u2069', 'Ana\u2069', '<bdi>Ana', "Ana's"])(
  'a rejected form shows the name %j as it was typed',
  async (name) => {
    const { status, body } = await submit(shop, '/account/register', { name, email: 'none' });
    const echoed = name.replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll("'", '&#39;');
    expect([status, body]).toEqual([400, expect.stringContaining(`value="${echoed}"`)]);
  },
);

describe('the page of an emailed link', () => {
  test('does not use the link until a password is submitted', async () => {
    const email = newAddress();
    const form = { name: 'Ana <b>Souza</b>', email };
    expect((await submit(shop, '/account/register', form)).body).toContain('Check your email');
    const { path, token } = linkIn(await emailTo(shop, email));

    for (let scanned = 0; scanned < 3; scanned++) {
      const { status, body } = await open(path, token);
      expect([status, body]).toEqual([200, expect.stringContaining(email)]);
      expect(body).toContain(`<input type="hidden" name="token" value="${token}">`);
    }
    const done = await submit(shop, path, { token, password: PASSWORD });

    expect([done.status, done.body]).toEqual([200, expect.stringContaining('<bdi>Ana &lt;b&gt;Souza&lt;/b&gt;</bdi>')]);
    await shop.signIn(email, PASSWORD);
    expect([(await open(path, token)).status, (await submit(shop, path, { token, password: ANOTHER })).status]).toEqual(
      [410, 410],
    );
  });

  test('resets a password and rejects a weak one', async () => {
    const { email } = await newAccount(shop);
    expect((await submit(shop, '/account/forgot', { email })).body).toContain('Check your email');
    const { path, token } = linkIn(await emailTo(shop, email, 2));
    expect((await open(path, token)).body).toContain(`value="${email}" readonly`);

    const weak = await submit(shop, path, { token, password: 'password1234567890' });
    expect([weak.status, weak.body]).toEqual([400, expect.stringContaining('too easy to guess')]);
    expect(weak.body).not.toContain('password1234567890');
    expect((await submit(shop, path, { token, password: ANOTHER })).status).toBe(200);

    await shop.signIn(email, ANOTHER);
    expect((await submit(shop, path, { token, password: PASSWORD })).status).toBe(410);
  });

  test('opens an invited account', async () => {
    const email = newAddress();
    const body = { email, name: 'Marco' };
    await shop.request('POST', '/v1/users/invitations', { as: shop.manager, body });
    const { path, token } = linkIn(await emailTo(shop, email));
    expect((await open(path, token)).body).toContain('Welcome! Choose a password');
    expect((await submit(shop, path, { token, password: PASSWORD })).body).toContain('You can sign in now');
    await shop.signIn(email, PASSWORD);
  });

  test.each([
    ['customer', '/#sign-in'],
    ['barista', '/board'],
    ['manager', '/board'],
  ])('links an opened account of a %s to %s', async (role, page) => {
    const email = newAddress();
    const body = { email, name: 'Marco', role };
    await shop.request('POST', '/v1/users/invitations', { as: shop.manager, body });
    const { path, token } = linkIn(await emailTo(shop, email));
    expect((await submit(shop, path, { token, password: PASSWORD })).body).toContain(`<a href="${page}">Sign in</a>`);
  });

  test('answers 410 with a link to request another email if the link is invalid', async () => {
    for (const path of ['/account/verify', '/account/password']) {
      for (const { status, body } of [await open(path), await submit(shop, path, {})]) {
        expect([status, body]).toEqual([410, expect.stringContaining('/account/forgot')]);
      }
    }
  });
});

describe('a form', () => {
  test('shows the fault of each field and keeps the typed values', async () => {
    const typed = { name: ' ', email: '"><script>' };
    const { status, body } = await submit(shop, '/account/register', typed);
    expect(status).toBe(400);
    for (const field of ['name', 'email']) expect(body).toContain(`id="${field}-fault" role="alert"`);
    expect(body).toContain('value="&quot;&gt;&lt;script&gt;"');
    expect(body).not.toContain('<script');
    expect((await submit(shop, '/account/register', {})).status).toBe(400);
    expect((await submit(shop, '/account/forgot', { email: 'ana' })).body).toContain('This is not an email address.');
  });

  test('answers the same for a known and an unknown address', async () => {
    const { email } = await newAccount(shop);
    const stranger = newAddress();
    for (const path of ['/account/register', '/account/forgot']) {
      const form = { name: 'Ana' };
      const answers = [
        await submit(shop, path, { ...form, email }),
        await submit(shop, path, { ...form, email: stranger }),
      ];
      expect(answers[0]!.body).toBe(answers[1]!.body);
      expect(answers[0]!.status).toBe(answers[1]!.status);
    }
    await emailTo(shop, email, 3);
    expect(emailsTo(shop, stranger).every(({ mail }) => mail.subject?.startsWith('Confirm'))).toBe(true);
  });

  test('rejects JSON, large bodies and other methods', async () => {
    const json = await shop.request('POST', '/account/forgot', { body: { email: 'ana@example.com' } });
    expectProblem(json, 'unsupported_media_type');
    const large = await submit(shop, '/account/forgot', { email: 'a'.repeat(20_000) });
    expectProblem(large, 'payload_too_large');
    const put = await shop.request('PUT', '/account/forgot');
    expectProblem(put, 'method_not_allowed');
    expect(put.headers.get('allow')).toBe('GET, HEAD, POST');
  });
});

describe('an account page', () => {
  test.each(['/account/register', '/account/forgot', '/account/verify', '/account/password'])(
    '%s loads only its own style, is not cached and sends no referrer',
    async (path) => {
      const { headers, body } = await open(path);
      expect(headers.get('content-security-policy')).toMatch(
        /^default-src 'none'; style-src 'sha256-[^']+'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
      );
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(body).not.toMatch(/<script|\sstyle=|\son\w+=|(src|href)="https?:/);
    },
  );

  test('answers HEAD, and uses the last value of a repeated parameter', async () => {
    const head = await shop.request('HEAD', '/account/register');
    expect([head.status, head.body]).toEqual([200, '']);
    expect((await shop.request('GET', '/account/verify?token=one&token=two')).status).toBe(410);
  });
});

describe('a browser without JavaScript', () => {
  let browser: Browser;
  // The first run may have to download a browser.
  beforeAll(async () => {
    browser = await openChromium();
  }, 700_000);
  afterAll(() => browser?.close());

  test.each(['light', 'dark'] as const)(
    'registers and signs in, in %s colors, without a blocked request',
    async (colorScheme) => {
      const context = await browser.newContext({ javaScriptEnabled: false, colorScheme, baseURL: shop.url });
      const page = await context.newPage();
      const faults: string[] = [];
      page.on('console', (message) => faults.push(message.text()));
      page.on('requestfailed', (request) => faults.push(request.url()));
      const email = newAddress();

      await page.goto('/account/register');
      await page.getByLabel('Name').fill('Ana Souza');
      await page.getByLabel('Email address').fill(email);
      await page.getByRole('button', { name: 'Register' }).click();
      await page.getByRole('heading', { name: 'Check your email' }).waitFor();
      const { path, token } = linkIn(await emailTo(shop, email));
      await page.goto(`${path}?token=${token}`);
      await page.getByLabel('New password').fill(PASSWORD);
      await page.getByRole('button').click();
      await page.getByText('You can sign in now, Ana Souza.').waitFor();

      await shop.signIn(email, PASSWORD);
      expect(faults).toEqual([]);
      await context.close();
    },
    90_000,
  );
});
