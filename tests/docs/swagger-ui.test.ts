import type { Browser, Page, Request } from 'playwright-core';
import { openShop, type Shop } from '../shop.ts';
import { openChromium } from './chromium.ts';
import { openDocs } from './docs-server.ts';

/** A browser, an API and Postgres share this machine with other tests, in ms. */
const PATIENCE = 90_000;

let browser: Browser;
let shop: Shop;
let page: Page;
/** What the page does that it must not: requests to others, and everything the browser complains about. */
let faults: string[];

// The first time, a browser may have to be fetched.
beforeAll(async () => {
  [browser, shop] = await Promise.all([openChromium(), openShop({ worker: false })]);
}, 700_000);
afterAll(async () => {
  await browser?.close();
  await shop?.close();
});

/** Opens a page of the docs, and waits for something on it. */
async function open(url: string, path = '/docs', shown = '.opblock'): Promise<void> {
  page = await browser.newPage();
  faults = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(`${url}/`) && !request.url().startsWith('data:')) faults.push(request.url());
  });
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) faults.push(message.text());
  });
  page.on('pageerror', (error) => faults.push(String(error)));
  await page.goto(`${url}${path}`);
  await page.locator(shown).first().waitFor();
}
afterEach(() => page.close());

const isTokenRequest = (request: Request) => new URL(request.url()).pathname === '/oauth/token';

/** The part of the sign-in dialog for one way to sign in; the dialog is opened if need be. */
async function wayToSignIn(flow: 'authorizationCode' | 'password' | 'clientCredentials') {
  if (!(await page.locator('.modal-ux').isVisible())) await page.locator('.auth-wrapper .authorize').first().click();
  const way = page.locator('.auth-container', { hasText: `(OAuth2, ${flow}` });
  await way.waitFor();
  return way;
}

/** Types a password into the dialog. */
async function signIn(email: string, password: string): Promise<void> {
  const way = await wayToSignIn('password');
  await way.locator('#oauth_username').fill(email);
  await way.locator('#oauth_password').fill(password);
  await way.locator('.btn.authorize').click();
}

/** Goes to the shop's own sign-in page and back. */
async function signInOnPage(email: string): Promise<void> {
  const way = await wayToSignIn('authorizationCode');
  const [popup] = await Promise.all([page.waitForEvent('popup'), way.locator('.btn.authorize').click()]);
  popup.on('console', (message) => faults.push(message.text()));
  await popup.getByLabel('Email address').fill(email);
  await popup.getByLabel('Password').fill('test');
  const closed = popup.waitForEvent('close');
  await popup.getByRole('button', { name: 'Sign in' }).click();
  await closed;
  await way.getByText('Authorized', { exact: true }).waitFor();
}

/** Opens an operation, executes it with its example, and tells what the shop answered. */
async function execute(operation: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const block = page.locator(`#operations-${operation}`);
  await block.locator('.opblock-summary-control').click();
  await block.locator('.btn.execute').click();
  const answer = block.locator('.live-responses-table .response').first();
  await answer.waitFor();
  const status = await answer.locator('.response-col_status').textContent();
  const json = await answer.locator('.response-col_description .highlight-code code').first().textContent();
  return { status: Number.parseInt(status ?? '', 10), body: JSON.parse(json ?? '') };
}

test(
  'When the customer signs in on the shop’s page, then they can try out what the API does for them',
  async () => {
    await open(shop.url);
    const way = await wayToSignIn('authorizationCode');
    expect(await way.locator('#client_id_authorizationCode').inputValue()).toBe('crema');
    expect(await way.locator('[id^=client_secret]').isVisible()).toBe(false);

    const trades: URLSearchParams[] = [];
    page.on('request', (request) => {
      if (isTokenRequest(request)) trades.push(new URLSearchParams(request.postData() ?? ''));
    });
    await signInOnPage('customer@example.com');
    expect(trades).toHaveLength(1);
    expect(trades[0]!.get('code_verifier')).toMatch(/^[\w-]{43,}$/);
    await way.locator('.btn-done').click();

    expect(await execute('Users-getMe')).toEqual({
      status: 200,
      body: expect.objectContaining({ email: 'customer@example.com', role: 'customer' }),
    });
    const placed = await execute('Orders-placeOrder');
    expect(placed).toEqual({ status: 201, body: expect.objectContaining({ status: 'waiting', version: 1 }) });
    expect(faults).toEqual([]);
  },
  PATIENCE,
);

test(
  'When somebody else signs in after that, then the page asks who it is this time',
  async () => {
    await open(shop.url);
    await signInOnPage('customer@example.com');
    const way = await wayToSignIn('authorizationCode');
    await way.getByText('Logout').click();
    await signInOnPage('manager@example.com');
    await way.locator('.btn-done').click();
    expect((await execute('Users-getMe')).body.role).toBe('manager');
    expect(faults).toEqual([]);
  },
  PATIENCE,
);

test(
  'When the password is typed into the docs page, then that will do in development, and a reload forgets it',
  async () => {
    await open(shop.url);
    const way = await wayToSignIn('password');
    expect(await way.locator('[id^=client_secret]').isVisible()).toBe(false);
    const requests: { headers: Record<string, string>; form: URLSearchParams }[] = [];
    page.on('request', (request) => {
      if (!isTokenRequest(request)) return;
      requests.push({ headers: request.headers(), form: new URLSearchParams(request.postData() ?? '') });
    });
    await signIn('customer@example.com', 'test');
    await way.getByText('Authorized', { exact: true }).waitFor();
    expect(requests.map(({ headers, form }) => [headers.authorization, form.get('client_id')])).toEqual([
      [undefined, 'crema'],
    ]);
    expect(faults).toEqual([]);

    await page.reload();
    await page.locator('.opblock').first().waitFor();
    await (await wayToSignIn('password')).locator('#oauth_username').waitFor();
  },
  PATIENCE,
);

test(
  'When the password is wrong, then the page says so, and Enter is enough to try again',
  async () => {
    await open(shop.url);
    await signIn('customer@example.com', 'Test');
    await page.locator('.auth-container .errors').getByText('The email address or the password is wrong.').waitFor();

    await page.locator('#oauth_password[aria-invalid=true]:focus').fill('test');
    await page.locator('#oauth_password').press('Enter');
    await (await wayToSignIn('password')).getByText('Authorized', { exact: true }).waitFor();
    expect(faults).toEqual(['Failed to load resource: the server responded with a status of 400 (Bad Request)']);
  },
  PATIENCE,
);

test(
  'When a required parameter is empty, then nothing is sent, and its field gets the focus',
  async () => {
    await open(shop.url);
    const block = page.locator('#operations-Orders-getOrder');
    await block.locator('.opblock-summary-control').click();
    await block.locator('input[placeholder=id]').fill('');
    await block.locator('.btn.execute').click();
    await block.locator('input[placeholder=id][aria-invalid=true]:focus').waitFor();
    expect(faults).toEqual([]);
  },
  PATIENCE,
);

test(
  'When there is no password grant, then the page asks for no password',
  async () => {
    const production = await openDocs(false);
    await open(production.url);
    await wayToSignIn('authorizationCode');
    expect(await page.locator('#oauth_password').count()).toBe(0);
    expect(faults).toEqual([]);
    await production.close();
  },
  PATIENCE,
);

test(
  'When the page of the problems is opened at a code, then its section is there and nothing is refused',
  async () => {
    await open(shop.url, '/docs/problems#outcome_unknown', 'section:target');
    expect(await page.locator('section:target h2').textContent()).toMatch(/outcome_unknown\s+503/);
    expect(faults).toEqual([]);
  },
  PATIENCE,
);
