import { randomUUID } from 'node:crypto';
import type { Page } from 'playwright-core';
import { createAccountRequestRepository } from '../../db/account-requests.ts';
import { linkTo, type Purpose } from '../../domain/account/link.ts';
import { startApi } from '../../stack/programs.ts';
import type { Service } from '../../stack/service.ts';
import { PASSWORD } from '../accounts/mailbox.ts';
import { openApplication } from '../auth/user-agent.ts';
import { makeDataFolder } from '../evidence/keep-on-failure.ts';
import { startRelay } from '../relay.ts';
import { openShop, type Shop } from '../shop.ts';

/** The longest possible name, without a space to break it at, and with characters that HTML escapes. */
export const SHOP_NAME = `Crema <b> & Söhne ${'W'.repeat(42)}`;

const LONG_NAME = 'W'.repeat(100);

const longAddress = () => `${'w'.repeat(20)}.${randomUUID()}@${'w'.repeat(63)}.${'w'.repeat(63)}.example`;

const APP = 'https://app.example/signed-in';
const TEMPORAL_UI_ORIGIN = 'https://temporal.example';

/** A shop for opening each page in each of its states. */
export interface PagesShop {
  shop: Shop;
  /** The same shop without Temporal, with a rate limit of one attempt. */
  strict: Service;
  /** The id of a user with a long name and a long address. */
  person: string;
  /** Issues the link of an email, for that user or for a future one with long values. */
  link(purpose: Purpose, base?: string): Promise<string>;
  close(): Promise<void>;
}

export async function openPagesShop(): Promise<PagesShop> {
  const environment = {
    SHOP_NAME,
    OAUTH_REDIRECT_URIS: APP,
    TEMPORAL_UI_ORIGIN,
    TEMPORAL_UI_CLIENT_SECRET: 'a secret of more than thirty-two characters',
  };
  const shop = await openShop({ worker: false, environment });
  const data = makeDataFolder('strict');
  const temporal = await startRelay(shop.environment.TEMPORAL_ADDRESS as string);
  const strict = await startApi({
    dataDir: data.path,
    environment: {
      ...shop.environment,
      RATE_LIMITS: 'on',
      RATE_LIMIT_ACCOUNT_MAIL: '1/600',
      RATE_LIMIT_SIGN_IN: '1/600',
      RATE_LIMIT_ANONYMOUS: '200/600',
      TEMPORAL_ADDRESS: temporal.address,
    },
  }).finally(temporal.cut);
  const requests = createAccountRequestRepository(shop.database);
  const person = randomUUID();
  const user = { id: person, email: longAddress(), name: LONG_NAME, role: 'customer', password_hash: 'of no password' };
  await shop.database('users').insert(user);
  return {
    shop,
    strict,
    person,
    async link(purpose, base = shop.url) {
      const id = randomUUID();
      const userId = purpose === 'reset' || purpose === 'address' ? person : null;
      const email = purpose === 'reset' ? user.email : longAddress();
      await requests.open({ id, purpose, email, name: LONG_NAME, role: 'customer', userId });
      return linkTo(base, purpose, await requests.issueLink(id, 600_000, userId ?? undefined));
    },
    async close() {
      await strict.stop();
      await temporal.close();
      await shop.close();
      data.remove();
    },
  };
}

/** Fills in the page's form and sends it without the browser's validation. */
async function send(page: Page, fields: Record<string, string> = {}): Promise<void> {
  for (const [name, value] of Object.entries(fields)) {
    await page.locator(`[name="${name}"]`).evaluate((input, text) => {
      (input as unknown as { value: string }).value = text;
    }, value);
  }
  const done = page.waitForEvent('load');
  await page.locator('form').evaluate((form) => {
    (form as unknown as { submit(): void }).submit();
  });
  await done;
}

const authorize = ({ shop }: PagesShop, parameters: Record<string, string | undefined> = {}) =>
  openApplication(shop.url, APP).authorize(parameters);

const at = async (page: Page, address: string) => void (await page.goto(address));

async function signIn(page: Page, all: PagesShop): Promise<void> {
  await at(page, all.shop.url + authorize(all));
  // The application does not exist, so its origin is faked. The test ends with the redirect to it.
  await page.route(`${new URL(APP).origin}/**`, (route) => route.fulfill({ body: 'Back in the app' }));
  await send(page, { email: 'customer@example.com', password: 'test' });
}

const registering = async (page: Page, base: string, email = longAddress()) => {
  await at(page, `${base}/account/register`);
  await send(page, { name: LONG_NAME, email });
};

/** Opens each page in each of its states. */
export const states: Record<string, (page: Page, all: PagesShop) => Promise<void>> = {
  register: (page, { shop }) => at(page, `${shop.url}/account/register`),
  async 'register, both fields wrong'(page, { shop }) {
    await at(page, `${shop.url}/account/register`);
    await send(page, { name: ' ', email: 'nobody' });
  },
  async 'register, the address wrong'(page, { shop }) {
    await at(page, `${shop.url}/account/register`);
    await send(page, { name: 'مقهى', email: 'nobody' });
  },
  registered: (page, { shop }) => registering(page, shop.url),
  async 'registered too often'(page, { strict }) {
    const email = longAddress();
    await registering(page, strict.url, email);
    await registering(page, strict.url, email);
  },
  'registering without Temporal': (page, { strict }) => registering(page, strict.url),
  forgot: (page, { shop }) => at(page, `${shop.url}/account/forgot`),
  async 'forgot, the address wrong'(page, { shop }) {
    await at(page, `${shop.url}/account/forgot`);
    await send(page, { email: 'nobody' });
  },
  async 'reset requested'(page, { shop }) {
    await at(page, `${shop.url}/account/forgot`);
    await send(page, { email: longAddress() });
  },
  registration: async (page, all) => at(page, await all.link('registration')),
  async 'registration, the password missing'(page, all) {
    await at(page, await all.link('registration'));
    await send(page);
  },
  async 'registration, the password too long'(page, all) {
    await at(page, await all.link('registration'));
    await send(page, { password: 'a word '.repeat(30) });
  },
  async 'registration, the password too easy'(page, all) {
    await at(page, await all.link('registration'));
    await send(page, { password: 'password1234567890' });
  },
  async 'account opened'(page, all) {
    await at(page, await all.link('registration'));
    await send(page, { password: PASSWORD });
  },
  invitation: async (page, all) => at(page, await all.link('invitation')),
  reset: async (page, all) => at(page, await all.link('reset')),
  async 'reset, the password with a control character'(page, all) {
    await at(page, await all.link('reset'));
    await send(page, { password: `${PASSWORD}\u0007` });
  },
  async 'password saved'(page, all) {
    await at(page, await all.link('reset'));
    await send(page, { password: PASSWORD });
  },
  'new address': async (page, all) => at(page, await all.link('address')),
  async 'new address confirmed'(page, all) {
    await at(page, await all.link('address'));
    await send(page);
  },
  async 'link expired'(page, { shop }) {
    await at(page, `${shop.url}/account/password?token=used`);
  },
  async 'choice of emails'(page, all) {
    await at(page, await choicePage(all));
  },
  async 'emails chosen'(page, all) {
    await at(page, await choicePage(all));
    await send(page);
  },
  async 'receipts only'(page, all) {
    await at(page, await choicePage(all));
    const done = page.waitForEvent('load');
    await page.locator('[name=none]').click();
    await done;
  },
  'reader gone': (page, { shop }) => at(page, `${shop.url}/account/unsubscribe?token=${randomUUID()}`),
  ...Object.fromEntries(
    ['/account/nothing', '/oauth/nothing', '/dev/emails/xx'].map((path) => [
      `no such page, ${path.slice(1).replaceAll('/', ' ')}`,
      (page: Page, { shop }: PagesShop) => at(page, shop.url + path),
    ]),
  ),
  async 'form for a page without one'(page, { shop }) {
    await at(page, `${shop.url}/account/forgot`);
    await page.locator('form').evaluate((form) => form.setAttribute('action', '/oauth/authorize'));
    await send(page);
  },
  async 'form too large'(page, { shop }) {
    await at(page, `${shop.url}/account/register`);
    await send(page, { name: 'W'.repeat(11_000) });
  },
  async 'form of another kind'(page, { shop }) {
    await at(page, `${shop.url}/account/forgot`);
    await page.locator('form').evaluate((form) => form.setAttribute('enctype', 'text/plain'));
    await send(page);
  },
  'sign-in': (page, all) => at(page, all.shop.url + authorize(all)),
  'sign-in with a hint': (page, all) => at(page, all.shop.url + authorize(all, { login_hint: longAddress() })),
  async 'sign-in, nothing typed'(page, all) {
    await at(page, all.shop.url + authorize(all));
    await send(page);
  },
  async 'sign-in, the password missing'(page, all) {
    await at(page, all.shop.url + authorize(all));
    await send(page, { email: 'customer@example.com' });
  },
  async 'sign-in, the password wrong'(page, all) {
    await at(page, all.shop.url + authorize(all));
    await send(page, { email: longAddress(), password: 'wrong' });
  },
  async 'sign-in, the password far too long'(page, all) {
    await at(page, all.shop.url + authorize(all));
    await send(page, { email: 'customer@example.com', password: 'W'.repeat(11_000) });
  },
  async 'sign-in, too many attempts'(page, all) {
    await at(page, all.strict.url + authorize(all));
    const email = longAddress();
    for (let attempt = 0; attempt < 2; attempt++) await send(page, { email, password: 'wrong' });
  },
  async 'sign-in for managers'(page, all) {
    await signIn(page, all);
    const uri = `${TEMPORAL_UI_ORIGIN}/auth/sso/callback`;
    const query = { client_id: 'temporal-ui', redirect_uri: uri, scope: 'openid', nonce: 'x' };
    await at(
      page,
      all.shop.url + authorize(all, { ...query, code_challenge: undefined, code_challenge_method: undefined }),
    );
  },
  async 'sign-in for staff'(page, all) {
    await signIn(page, all);
    await at(
      page,
      all.shop.url + authorize(all, { client_id: 'crema-display', redirect_uri: `${all.shop.url}/display` }),
    );
  },
  'sign-in expired': (page, { shop }) => at(page, `${shop.url}/oauth/authorize/long-gone`),
  async 'form of another site'(page, all) {
    await at(page, all.shop.url + authorize(all));
    await send(page, { csrf: 'x' });
  },
  'unknown application': (page, all) => at(page, all.shop.url + authorize(all, { client_id: 'nobody' })),
  'unknown page of an application': (page, all) =>
    at(page, all.shop.url + authorize(all, { redirect_uri: 'https://elsewhere.example/' })),
  async 'sign-out'(page, all) {
    await signIn(page, all);
    await at(page, `${all.shop.url}/oauth/logout`);
  },
  async 'signed out'(page, all) {
    await signIn(page, all);
    await at(page, `${all.shop.url}/oauth/logout`);
    const done = page.waitForURL(/[/]oauth[/]logout[/]success/);
    await page.locator('[name=logout]').click();
    await done;
  },
  async 'next step'(page, { shop }) {
    // Without scripts the page does not submit itself.
    await page.route('**/oauth/logout', async (route) => {
      const response = await route.fetch();
      const policy = response.headers()['content-security-policy']!.replace(/script-src[^;]*;/, '');
      await route.fulfill({ response, headers: { ...response.headers(), 'content-security-policy': policy } });
    });
    await at(page, `${shop.url}/oauth/logout`);
  },
  // These states come last, because they exhaust the rate limit that the others need.
  ...Object.fromEntries(
    ['/account/register', '/oauth/authorize', '/oauth/logout'].map((path) => [
      `too many requests, ${path.slice(1).replaceAll('/', ' ')}`,
      async (page: Page, { strict }: PagesShop) => {
        while ((await fetch(`${strict.url}/v1/catalog`)).status !== 429);
        await at(page, strict.url + path);
      },
    ]),
  ),
};

async function choicePage({ shop, person }: PagesShop): Promise<string> {
  const { email_token } = await shop.database('users').where({ id: person }).first('email_token');
  return `${shop.url}/account/emails?token=${email_token}`;
}
