import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { decodeJwt } from 'jose';
import type { Browser, Page } from 'playwright-core';
import { createServiceClientRepository } from '../../db/service-clients.ts';
import { waitFor } from '../../stack/wait.ts';
import { openChromium } from '../chromium.ts';
import { openShop, type Shop } from '../shop.ts';
import { openDisplay, section } from './display-screen.ts';
import { faultsInEveryLook, languages, OPENING_TIMEOUT_MS, openPage, PAGE_TIMEOUT_MS } from './page-checks.ts';

let browser: Browser;
let shop: Shop;
beforeAll(async () => {
  [browser, shop] = await Promise.all([openChromium(), openShop()]);
}, OPENING_TIMEOUT_MS);
afterAll(async () => {
  await browser?.close();
  await shop?.close();
});

/** Places a counter order in the name of a customer. */
async function placeFor(customerName: string) {
  const lines = [await shop.line('Latte', 'Vanilla')];
  return (await shop.place({ as: shop.barista, body: { lines, customerName } })).body;
}

const numbersIn = (page: Page, name: string) => section(page, name).locator('strong').allInnerTexts();

/** Signs in with the credentials of a service. */
async function connect(page: Page, id: string, secret: string): Promise<void> {
  await page.goto(`${shop.url}/display`);
  await page.getByText('Use the credentials of a service').click();
  await page.getByLabel('Client id').fill(id);
  await page.getByLabel('Client secret').fill(secret);
  await page.getByRole('button', { name: 'Connect' }).click();
}

const addService = async (
  name: string,
  scopes: Parameters<ReturnType<typeof createServiceClientRepository>['add']>[1],
) => (await createServiceClientRepository(shop.database).add(name, scopes))!;

test(
  'shows numbers and names in preparation and ready, and clears delivered ones',
  async () => {
    const page = await openDisplay(browser, shop);
    const { id, number } = await placeFor('Zoë');
    await shop.move(id, 'preparation');
    await section(page, 'Being made').getByText('Zoë').waitFor();
    expect(await numbersIn(page, 'Being made')).toContain(String(number));

    await shop.move(id, 'ready');
    await section(page, 'Ready').getByText('Zoë').waitFor();
    expect(await numbersIn(page, 'Being made')).not.toContain(String(number));

    await shop.move(id, 'delivered');
    await page.getByText('Zoë').waitFor({ state: 'detached' });
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);

/** Changes the session that the page has stored. @param changes JavaScript: properties that may use `session` */
const changeSession = (page: Page, changes: string) =>
  page.evaluate(`{
    const key = 'crema.session.crema-display';
    const session = JSON.parse(localStorage.getItem(key));
    localStorage.setItem(key, JSON.stringify({ ...session, expiresAt: 0, ${changes} }));
  }`);

/** Lets the access token expire, with a refresh token that is not valid. */
const endSession = (page: Page) => changeSession(page, "renewal: { ...session.renewal, refresh_token: 'used' }");

/** Records the sign-ins of a page: its requests to the authorization endpoint. */
function recordSignIns(page: Page): string[] {
  const signIns: string[] = [];
  page.on('request', (request) => request.url().includes('/oauth/authorize') && signIns.push(request.url()));
  return signIns;
}

test(
  'stays signed in after a restart of the browser, with tokens that can only read orders',
  async () => {
    const first = await openDisplay(browser, shop);
    await changeSession(first, "accessToken: 'expired'");
    const state = await first.context().storageState();
    await first.context().close();

    const page = await openPage(browser, { storageState: state });
    const signIns = recordSignIns(page);
    await page.goto(`${shop.url}/display`);
    const { id } = await placeFor('Rui');
    await shop.move(id, 'preparation');
    await page.getByText('Rui').waitFor();
    expect(signIns).toEqual([]);
    const stored = await page.evaluate<string>("localStorage.getItem('crema.session.crema-display')");
    expect(decodeJwt(JSON.parse(stored).accessToken).scope).toBe('orders:read');

    // The board needs a sign-in of its own.
    await page.goto(`${shop.url}/board`);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.locator('[name=password]').waitFor();
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);

test(
  'signs in again without a touch when the API is ready after its token has expired',
  async () => {
    const page = await openDisplay(browser, shop);
    const { id } = await placeFor('Ana');
    await shop.move(id, 'preparation');
    await page.getByText('Ana').waitFor();
    const signIns = recordSignIns(page);
    await page.route('**/health/ready', (route) => route.fulfill({ status: 503 }));
    await endSession(page);
    await page.reload();
    for (let checks = 0; checks < 2; checks++) await page.waitForResponse('**/health/ready');
    await page.getByText('No connection').waitFor();
    expect(signIns).toEqual([]);
    await page.unroute('**/health/ready');
    await page.getByText('Ana').waitFor();
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);

test(
  'pauses before it repeats a sign-in that has failed',
  async () => {
    const page = await openDisplay(browser, shop);
    const { id } = await placeFor('Nuno');
    await shop.move(id, 'preparation');
    await page.getByText('Nuno').waitFor();
    const signIns = recordSignIns(page);
    await page.route('**/oauth/token', (route) => route.fulfill({ status: 400, json: { error: 'invalid_grant' } }));
    await endSession(page);
    const exchange = page.waitForResponse(
      (response) => response.request().postData()?.includes('code_verifier') ?? false,
    );
    await page.reload();
    await exchange;
    await page.getByText('No connection').waitFor();
    await delay(3_000);
    expect(signIns).toHaveLength(1);
    await page.unroute('**/oauth/token');
    // Ends the pause, which is too long for a test.
    await page.evaluate("dispatchEvent(new Event('online'))");
    await page.getByText('Nuno').waitFor();
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);

test(
  'shows a lost connection, and catches up without a touch',
  async () => {
    const page = await openDisplay(browser, shop);
    await page.context().setOffline(true);
    await page.getByText('No connection').waitFor();
    const { id } = await placeFor('Offline Olga');
    await shop.move(id, 'preparation');
    await page.context().setOffline(false);
    await section(page, 'Being made').getByText('Offline Olga').waitFor();
    await page.getByText('No connection').waitFor({ state: 'detached' });
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);

test(
  'shows a connection that the API has lost, and catches up after its restart',
  async () => {
    const page = await openDisplay(browser, shop);
    await shop.api.kill();
    await page.getByText('No connection').waitFor();
    await shop.api.start();
    const { id } = await placeFor('Vera');
    await shop.move(id, 'preparation');
    await section(page, 'Being made').getByText('Vera').waitFor();
    await page.getByText('No connection').waitFor({ state: 'detached' });
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);

test(
  'shows a connection without heartbeats as lost, and opens another',
  async () => {
    const page = await openDisplay(browser, shop);
    await page.clock.install();
    await page.reload();
    const { id } = await placeFor('Hugo');
    await shop.move(id, 'preparation');
    await page.getByText('Hugo').waitFor();
    await page.route('**/v1/orders/events', () => {});
    await page.clock.fastForward('01:00');
    await page.getByText('No connection').waitFor();
    await page.unroute('**/v1/orders/events');
    await page.clock.fastForward('01:00');
    await shop.move(id, 'ready');
    await section(page, 'Ready').getByText('Hugo').waitFor();
    await page.getByText('No connection').waitFor({ state: 'detached' });
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);

test(
  'shows the names after a request for names was refused',
  async () => {
    const page = await openDisplay(browser, shop);
    const refused = { status: 403, json: { code: 'forbidden' } };
    await page.route('**/v1/orders?*', (route) => route.fulfill(refused), { times: 1 });
    const { id } = await placeFor('Marta');
    await shop.move(id, 'preparation');
    await section(page, 'Being made').getByText('Marta').waitFor();
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);

test.each([
  [1280, 720],
  [1920, 1080],
])(
  '40 orders in each column fit on a screen of %i × %i pixels',
  async (width, height) => {
    const page = await openDisplay(browser, shop);
    await page.setViewportSize({ width, height });
    const orders = Array.from({ length: 80 }, (_, index) => ({
      id: randomUUID(),
      number: 900 + index,
      status: index < 40 ? 'preparation' : 'ready',
      version: 1,
      updatedAt: new Date().toISOString(),
      customer: { name: 'Maximiliano' },
    }));
    const body = `event: snapshot\ndata: ${JSON.stringify({ orders })}\n\n`;
    await page.route('**/v1/orders/events', (route) => route.fulfill({ contentType: 'text/event-stream', body }));
    await page.route('**/v1/orders?*', (route) => route.fulfill({ json: { data: orders, nextCursor: null } }));
    await page.reload();
    await page.locator('bdi:text("Maximiliano")').nth(79).waitFor();
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/display-full-${width}.png` });
    const clipped = await page.evaluate(`[...document.querySelectorAll('section')].flatMap((section) => {
      const box = section.getBoundingClientRect();
      return [...section.querySelectorAll('strong, bdi')].filter((text) => {
        const { left, top, right, bottom } = text.getBoundingClientRect();
        const cell = text.parentElement.getBoundingClientRect();
        return left < box.left || top < box.top || right > box.right || bottom > Math.min(box.bottom, innerHeight) ||
          bottom > cell.bottom + 1 || (text.localName === 'strong' && text.scrollWidth > text.clientWidth);
      }).map((text) => text.textContent);
    })`);
    expect(clipped).toEqual([]);
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);

test(
  'accepts the credentials of a service that can only read',
  async () => {
    const { id, secret } = await addService('Screen', ['orders:read', 'events:read']);
    const page = await openPage(browser);
    await connect(page, id, secret);
    await page.getByRole('heading', { name: 'Ready' }).waitFor();
    const order = await placeFor('Sofia');
    await shop.move(order.id, 'preparation');
    await page.getByText('Sofia').waitFor();

    await page.reload();
    await page.getByText('Sofia').waitFor();
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);

test(
  'rejects wrong credentials, and services that can do more than read',
  async () => {
    const { id, secret } = await addService('Till', ['orders:read', 'events:read', 'orders:write']);
    const page = await openPage(browser);
    await connect(page, id, 'wrong');
    await page.getByRole('alert').getByText('The client id or the secret is wrong.').waitFor();
    await connect(page, id, secret);
    await page.getByRole('alert').getByText('only scopes are orders:read and events:read').waitFor();
    expect(await page.evaluate('JSON.stringify(localStorage)')).not.toContain(secret);
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);

test(
  'announces ready numbers after a touch, and only present ones after an outage',
  async () => {
    const page = await openDisplay(browser, shop);
    // Headless Chromium has no voices, so the page's calls are recorded.
    await page.evaluate(
      'window.spoken = []; speechSynthesis.speak = ({ text, lang }) => window.spoken.push([lang, text])',
    );
    const waitForSpoken = (count: number) =>
      waitFor('The spoken number', async () => (await page.evaluate<string[]>('window.spoken')).length === count, {
        deadline: 20_000,
      });
    await page.getByRole('button', { name: 'Announce the numbers aloud' }).click();
    const first = await placeFor('Inês');
    await shop.move(first.id, 'preparation');
    await page.getByText('Inês').waitFor();
    await shop.move(first.id, 'ready');
    await waitForSpoken(2);

    await page.context().setOffline(true);
    const old = await placeFor('Old Otto');
    for (const status of ['preparation', 'ready', 'delivered'] as const) await shop.move(old.id, status);
    const second = await placeFor('Luís');
    for (const status of ['preparation', 'ready'] as const) await shop.move(second.id, status);
    await page.context().setOffline(false);
    await waitForSpoken(3);
    expect(await page.evaluate('window.spoken')).toEqual([
      ['en-US', 'Numbers are now announced aloud.'],
      ['en-US', `Number ${first.number}, Inês, is ready.`],
      ['en-US', expect.stringMatching(`^Number ${second.number}(, Luís,)? is ready.$`)],
    ]);
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);

test.each(languages)(
  'is readable and usable in every look and state: %s',
  async (language) => {
    const { id, secret } = await addService(`Screen ${language}`, ['orders:read', 'events:read']);
    const page = await openPage(browser, { language });
    await page.goto(`${shop.url}/display`);
    await page.locator('summary').click();
    const found = await faultsInEveryLook(page, `display-${language}-start`);
    await page.locator('#id').fill(id);
    await page.locator('#secret').fill(secret);
    await page.locator('form button').click();
    const names = ['Bartholomäus Schönlein-Wallenstein', 'Ana', 'محمد'].map((name) => `${name} ${language}`);
    for (const [index, name] of names.entries()) {
      const order = await placeFor(name);
      await shop.move(order.id, 'preparation');
      if (index > 0) await shop.move(order.id, 'ready');
      await page.getByText(name).waitFor();
    }
    await page.locator('.ready li').nth(1).waitFor();
    found.push(...(await faultsInEveryLook(page, `display-${language}`)));
    expect(found).toEqual([]);
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);
