import { randomUUID } from 'node:crypto';
import type { Page } from 'playwright-core';
import { createAccountRequestRepository } from '../../db/account-requests.ts';
import { linkTo, type Purpose } from '../../domain/account/link.ts';
import { startApi } from '../../stack/programs.ts';
import type { Service } from '../../stack/service.ts';
import { CUSTOMER } from '../auth/front-door.ts';
import { openApplication } from '../auth/user-agent.ts';
import { makeDataFolder } from '../evidence/evidence.ts';
import { startRelay } from '../relay.ts';
import { openShop, type Shop } from '../shop.ts';
import { newAddress, PASSWORD } from '../users/mailbox.ts';

/** Has what must be escaped in HTML. */
export const SHOP_NAME = 'Crema <b> & Söhne';

const APP = 'https://app.example/signed-in';
const TEMPORAL_UI_ORIGIN = 'https://temporal.example';

/** A shop whose pages can be brought into every state. */
export interface PagesShop {
  shop: Shop;
  /** The same shop without Temporal, which allows one try of everything. */
  strict: Service;
  /** Issues a link as a mail has it, for a person whose language is unknown. */
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
  return {
    shop,
    strict,
    async link(purpose, base = shop.url) {
      const id = randomUUID();
      const userId = purpose === 'reset' || purpose === 'address' ? CUSTOMER : null;
      const email = purpose === 'reset' ? 'customer@example.com' : newAddress();
      await requests.open({ id, purpose, email, name: 'Ana Souza', role: 'customer', userId });
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

/** Sends the page's form as it is filled in, without the browser's own checks. */
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
  // The application is nowhere: its browser has got a code, and that is enough.
  await page.route(`${new URL(APP).origin}/**`, (route) => route.fulfill({ body: 'Back in the app' }));
  await send(page, { email: 'customer@example.com', password: 'test' });
}

const registering = async (page: Page, base: string, email = newAddress()) => {
  await at(page, `${base}/account/register`);
  await send(page, { name: 'Ana Souza', email });
};

/** How a browser gets to each page, in each state that it can be in. */
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
    const email = newAddress();
    await registering(page, strict.url, email);
    await registering(page, strict.url, email);
  },
  'registering without Temporal': (page, { strict }) => registering(page, strict.url),
  forgot: (page, { shop }) => at(page, `${shop.url}/account/forgot`),
  async 'forgot, the address wrong'(page, { shop }) {
    await at(page, `${shop.url}/account/forgot`);
    await send(page, { email: 'nobody' });
  },
  async 'reset asked for'(page, { shop }) {
    await at(page, `${shop.url}/account/forgot`);
    await send(page, { email: newAddress() });
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
  'new address': async (page, all) => at(page, await all.link('address')),
  async 'link expired'(page, { shop }) {
    await at(page, `${shop.url}/account/password?token=used`);
  },
  async 'choice of emails'(page, { shop }) {
    await at(page, `${shop.url}/account/emails?token=${await readerToken(shop)}`);
  },
  async 'emails chosen'(page, { shop }) {
    await at(page, `${shop.url}/account/emails?token=${await readerToken(shop)}`);
    await send(page);
  },
  async 'receipts only'(page, { shop }) {
    await at(page, `${shop.url}/account/emails?token=${await readerToken(shop)}`);
    const done = page.waitForEvent('load');
    await page.locator('[name=none]').click();
    await done;
  },
  'reader gone': (page, { shop }) => at(page, `${shop.url}/account/unsubscribe?token=${randomUUID()}`),
  'no such page': (page, { shop }) => at(page, `${shop.url}/account/nothing`),
  async 'form of another kind'(page, { shop }) {
    await at(page, `${shop.url}/account/forgot`);
    await page.locator('form').evaluate((form) => form.setAttribute('enctype', 'text/plain'));
    await send(page);
  },
  'sign-in': (page, all) => at(page, all.shop.url + authorize(all)),
  'sign-in with a hint': (page, all) => at(page, all.shop.url + authorize(all, { login_hint: 'ana@example.com' })),
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
    await send(page, { email: newAddress(), password: 'wrong' });
  },
  async 'sign-in, tried too often'(page, all) {
    await at(page, all.strict.url + authorize(all));
    const email = newAddress();
    for (let tries = 0; tries < 2; tries++) await send(page, { email, password: 'wrong' });
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
    const done = page.waitForURL('**/oauth/logout/success');
    await page.locator('[name=logout]').click();
    await done;
  },
  async 'next step'(page, { shop }) {
    // Scripts would go on at once.
    await page.route('**/oauth/logout', async (route) => {
      const response = await route.fetch();
      const policy = response.headers()['content-security-policy']!.replace(/script-src[^;]*;/, '');
      await route.fulfill({ response, headers: { ...response.headers(), 'content-security-policy': policy } });
    });
    await at(page, `${shop.url}/oauth/logout`);
  },
  // Stands last, as it uses up what the other ones need.
  'too many requests': async (page, { strict }) => {
    for (let count = 0; count < 205; count++) await fetch(`${strict.url}/v1/catalog`);
    await at(page, `${strict.url}/account/register`);
  },
};

async function readerToken(shop: Shop): Promise<string> {
  const { email_token } = await shop.database('users').where({ id: CUSTOMER }).first('email_token');
  return email_token;
}
