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

test(
  'stays signed in after a restart of the browser, with tokens that can only read orders',
  async () => {
    const first = await openDisplay(browser, shop);
    const state = await first.context().storageState();
    await first.context().close();

    const page = await openPage(browser, { storageState: state });
    await page.goto(`${shop.url}/display`);
    await page.getByRole('heading', { name: 'Ready' }).waitFor();
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
  'signs in again without a touch if its refresh token is no longer valid',
  async () => {
    const page = await openDisplay(browser, shop);
    const { id } = await placeFor('Ana');
    await shop.move(id, 'preparation');
    await page.getByText('Ana').waitFor();
    await page.evaluate(`{
      const key = 'crema.session.crema-display';
      const session = JSON.parse(localStorage.getItem(key));
      const renewal = { ...session.renewal, refresh_token: 'used' };
      localStorage.setItem(key, JSON.stringify({ ...session, renewal, expiresAt: 0 }));
    }`);
    await page.reload();
    await page.getByText('Ana').waitFor();
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
  'speaks a number when it becomes ready, after a touch has switched it on',
  async () => {
    const page = await openDisplay(browser, shop);
    // Headless Chromium has no voices, so the page's calls are recorded.
    await page.evaluate(
      'window.spoken = []; speechSynthesis.speak = ({ text, lang }) => window.spoken.push([lang, text])',
    );
    await page.getByRole('button', { name: 'Speak the numbers' }).click();
    const { id, number } = await placeFor('Inês');
    await shop.move(id, 'preparation');
    await page.getByText('Inês').waitFor();
    await shop.move(id, 'ready');
    await section(page, 'Ready').getByText('Inês').waitFor();
    await waitFor('The spoken number', async () => (await page.evaluate<string[]>('window.spoken')).length === 2, {
      deadline: 20_000,
    });
    expect(await page.evaluate('window.spoken')).toEqual([
      ['en-US', 'The numbers will be spoken.'],
      ['en-US', `Number ${number}, Inês, is ready.`],
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
