import type { Browser, Page, Request } from 'playwright-core';
import { openChromium } from '../chromium.ts';
import { openShop, type Shop } from '../shop.ts';
import { openDocs } from './docs-server.ts';

/** Long, as the browser, the API and Postgres share the machine with other tests, in ms. */
const TIMEOUT_MS = 90_000;

let browser: Browser;
let shop: Shop;
let page: Page;
/** Requests to other hosts, and errors of the browser. */
let faults: string[];

// May download a browser the first time.
beforeAll(async () => {
  [browser, shop] = await Promise.all([openChromium(), openShop({ worker: false })]);
}, 700_000);
afterAll(async () => {
  await browser?.close();
  await shop?.close();
});

/** Opens a page of the docs and waits for an element. */
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

/** Returns the section of a flow in the sign-in dialog. Opens the dialog if necessary. */
async function wayToSignIn(flow: 'authorizationCode' | 'password' | 'clientCredentials') {
  if (!(await page.locator('.modal-ux').isVisible())) await page.locator('.auth-wrapper .authorize').first().click();
  const way = page.locator('.auth-container', { hasText: `(OAuth2, ${flow}` });
  await way.waitFor();
  return way;
}

/** Signs in with the password grant in the dialog. */
async function signIn(email: string, password: string): Promise<void> {
  const way = await wayToSignIn('password');
  await way.locator('#oauth_username').fill(email);
  await way.locator('#oauth_password').fill(password);
  await way.locator('.btn.authorize').click();
}

/** Signs in on the shop's page and returns. */
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

/** Executes an operation with its example. Returns the response. */
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
  'a customer signs in on the shop’s page and executes operations',
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
  TIMEOUT_MS,
);

test(
  'the page shows the sign-in form again for a second sign-in',
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
  TIMEOUT_MS,
);

test(
  'the password grant works in development, and a reload discards the token',
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
  TIMEOUT_MS,
);

test(
  'the page reports a wrong password, and Enter submits the next attempt',
  async () => {
    await open(shop.url);
    await signIn('customer@example.com', 'Test');
    await page.locator('.auth-container .errors').getByText('The email address or the password is wrong.').waitFor();

    await page.locator('#oauth_password[aria-invalid=true]:focus').fill('test');
    await page.locator('#oauth_password').press('Enter');
    await (await wayToSignIn('password')).getByText('Authorized', { exact: true }).waitFor();
    expect(faults).toEqual(['Failed to load resource: the server responded with a status of 400 (Bad Request)']);
  },
  TIMEOUT_MS,
);

test(
  'an empty required parameter gets the focus, and no request is sent',
  async () => {
    await open(shop.url);
    const block = page.locator('#operations-Orders-getOrder');
    await block.locator('.opblock-summary-control').click();
    await block.locator('input[placeholder=id]').fill('');
    await block.locator('.btn.execute').click();
    await block.locator('input[placeholder=id][aria-invalid=true]:focus').waitFor();
    expect(faults).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'the page has no password field if the password grant is disabled',
  async () => {
    const production = await openDocs(false);
    await open(production.url);
    await wayToSignIn('authorizationCode');
    expect(await page.locator('#oauth_password').count()).toBe(0);
    expect(faults).toEqual([]);
    await production.close();
  },
  TIMEOUT_MS,
);

test(
  'the problems page shows the section of a code without browser errors',
  async () => {
    await open(shop.url, '/docs/problems#outcome_unknown', 'section:target');
    expect(await page.locator('section:target h2').textContent()).toMatch(/outcome_unknown\s+503/);
    expect(faults).toEqual([]);
  },
  TIMEOUT_MS,
);
