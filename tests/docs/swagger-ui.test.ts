import type { Browser, Page } from 'playwright-core';
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

async function open(url: string): Promise<void> {
  page = await browser.newPage();
  faults = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(`${url}/`) && !request.url().startsWith('data:')) faults.push(request.url());
  });
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) faults.push(message.text());
  });
  page.on('pageerror', (error) => faults.push(String(error)));
  await page.goto(`${url}/docs`);
  await page.locator('.opblock').first().waitFor();
}
afterEach(() => page.close());

async function signIn(email: string, password: string): Promise<void> {
  await page.locator('.auth-wrapper .authorize').first().click();
  await page.locator('#oauth_username').fill(email);
  await page.locator('#oauth_password').fill(password);
  await page.locator('.auth-container .btn.authorize').click();
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
  'When the customer signs in on the page, then they can try out what the API does for them',
  async () => {
    await open(shop.url);
    await page.locator('.auth-wrapper .authorize').click();
    expect(await page.locator('#client_id_password').inputValue()).toBe('crema');
    expect(await page.locator('[id^=client_secret]').isVisible()).toBe(false);
    await page.locator('.close-modal').click();

    const requests: { headers: Record<string, string>; form: URLSearchParams }[] = [];
    page.on('request', (request) => {
      if (!request.url().endsWith('/oauth/token')) return;
      requests.push({ headers: request.headers(), form: new URLSearchParams(request.postData() ?? '') });
    });
    await signIn('customer@example.com', 'test');
    await page.getByText('Authorized', { exact: true }).waitFor();
    expect(requests.map(({ headers, form }) => [headers.authorization, form.get('client_id')])).toEqual([
      [undefined, 'crema'],
    ]);
    await page.locator('.auth-container .btn-done').click();

    expect(await execute('Users-getMe')).toEqual({
      status: 200,
      body: expect.objectContaining({ email: 'customer@example.com', role: 'customer' }),
    });
    const placed = await execute('Orders-placeOrder');
    expect(placed).toEqual({ status: 201, body: expect.objectContaining({ status: 'waiting', version: 1 }) });
    expect(faults).toEqual([]);

    await page.reload();
    await page.locator('.opblock').first().waitFor();
    await page.locator('.auth-wrapper .authorize').click();
    await page.locator('#oauth_username').waitFor();
  },
  PATIENCE,
);

test(
  'When the password is wrong, then the page says so, and Enter is enough to try again',
  async () => {
    await open(shop.url);
    await signIn('customer@example.com', 'Test');
    await page.locator('.auth-container .errors').getByText('The email address or the password is wrong.').waitFor();

    await page.locator('#oauth_password').fill('test');
    await page.locator('#oauth_password').press('Enter');
    await page.getByText('Authorized', { exact: true }).waitFor();
    expect(faults).toEqual(['Failed to load resource: the server responded with a status of 400 (Bad Request)']);
  },
  PATIENCE,
);

test(
  'When there is no password grant, then the page takes an access token and asks for no password',
  async () => {
    const production = await openDocs(false);
    await open(production.url);
    await page.locator('.auth-wrapper .authorize').first().click();
    await page.locator('#auth-bearer-value').waitFor();
    expect(await page.locator('#oauth_password').count()).toBe(0);
    expect(faults).toEqual([]);
    await production.close();
  },
  PATIENCE,
);

test(
  'When the page of the problems is opened at a code, then its section is there and nothing is refused',
  async () => {
    await open(shop.url);
    await page.goto(`${shop.url}/docs/problems#outcome_unknown`);
    expect(await page.locator('section:target h2').textContent()).toMatch(/outcome_unknown\s+503/);
    expect(faults).toEqual([]);
  },
  PATIENCE,
);
