import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { openChromium } from '../chromium.ts';
import { openShop, type Shop } from '../shop.ts';
import { faultsInEveryLook, fillInSignIn, languages, OPENING_TIMEOUT_MS, PAGE_TIMEOUT_MS } from './page-checks.ts';
import { openStorefront } from './storefront-customer.ts';

let browser: Browser;
let shop: Shop;
beforeAll(async () => {
  [browser, shop] = await Promise.all([openChromium(), openShop()]);
}, OPENING_TIMEOUT_MS);
afterAll(async () => {
  await browser?.close();
  await shop?.close();
});

test(
  'a customer orders a latte with oat milk, and follows it until it is delivered',
  async () => {
    const { page, addLatte, review, place, heading } = await openStorefront(browser, shop);
    await addLatte();
    await review();
    const id = await place();
    await heading('Thank you!');
    const { body: order } = await shop.readOrder(id);
    expect(order).toMatchObject({ channel: 'online', status: 'waiting', total: { amount: 460 } });
    expect(order.lines).toMatchObject([{ product: 'Latte', options: [{ name: 'Oat', quantity: 1 }] }]);
    await page.getByText('Live').waitFor();

    for (const [status, title] of [
      ['preparation', 'We’re on it'],
      ['ready', 'It’s ready!'],
      ['delivered', 'Enjoy!'],
    ] as const) {
      await shop.move(id, status);
      await heading(title);
    }
    expect(await page.title()).toBe(`Order #${order.number}: Collected · Crema`);
    expect(await page.locator('[aria-current=step]').textContent()).toBe('Collected');
    await page.goto(`${shop.url}/#basket`);
    await page.getByText('Nothing here yet.').waitFor();
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);

test(
  'the menu needs no sign-in and at most two requests of data',
  async () => {
    const { page } = await openStorefront(browser, shop);
    const requests: string[] = [];
    page.on('request', (request) => requests.push(new URL(request.url()).pathname));
    await page.reload();
    await page.getByRole('link', { name: /^Latte.*Contains milk.*from \$4[.]00/ }).waitFor();
    expect(requests.filter((path) => path.startsWith('/v1/'))).toEqual(['/v1/catalog']);
    const headings = await page.getByRole('heading', { level: 2 }).allTextContents();
    expect(headings).toEqual(['Coffee', 'Bakery', 'Tea']);

    expect(await page.getByRole('link', { name: 'Register' }).getAttribute('href')).toBe('/account/register');
    await page.goto(`${shop.url}/#sign-in`);
    await fillInSignIn(page, 'customer@example.com');
    await page.getByText('Carlos Customer').waitFor();
    requests.length = 0;
    await page.reload();
    await page.getByRole('link', { name: /^Latte/ }).waitFor();
    expect(requests.filter((path) => path.startsWith('/v1/')).length).toBeLessThanOrEqual(2);
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);

test(
  'the basket survives a reload, and its lines can be changed and removed',
  async () => {
    const { page, addLatte, press } = await openStorefront(browser, shop);
    await addLatte();
    await addLatte();
    await page.getByRole('link', { name: 'Your basket · 2 · $9.20' }).click();
    await page.reload();
    await press('More: Latte');
    await page.getByRole('link', { name: 'Review the order · $13.80' }).waitFor();
    await page.getByRole('radio', { name: 'For here' }).check();
    await page.getByLabel('Note for the order').fill('By the window');

    await press('Change: Latte');
    const dialog = page.getByRole('dialog', { name: 'Latte' });
    await dialog.getByRole('radio', { name: /^Vanilla/ }).check();
    await dialog.getByLabel('Anything we should know?').fill('Extra hot');
    await dialog.getByRole('button', { name: 'Save · $14.70' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.reload();
    await page.getByText('Extra hot').waitFor();
    expect(await page.getByRole('radio', { name: 'For here' }).isChecked()).toBe(true);
    expect(await page.getByLabel('Note for the order').inputValue()).toBe('By the window');

    await page.goBack();
    await page.getByRole('heading', { level: 1, name: 'Your usual, or something new today?' }).waitFor();
    await page.goForward();
    await press('Remove: Latte');
    await page.getByText('Nothing here yet.').waitFor();
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);

/** Presses Tab until an element with this name has the focus. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate<string>(
      '((e) => e.ariaLabel ?? e.labels?.[0]?.textContent ?? e.textContent)(document.activeElement)',
    );
    if (name.test(focused.trim())) return;
  }
  throw new Error(`The Tab key does not reach ${name}.`);
}

test(
  'an order needs only the keyboard',
  async () => {
    const { page, heading } = await openStorefront(browser, shop);
    const enter = async (name: RegExp) => {
      await tabTo(page, name);
      await page.keyboard.press('Enter');
    };
    await page.getByRole('link', { name: /^Latte/ }).waitFor();
    await enter(/^.?Latte/);
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await page.evaluate<string>('document.activeElement.textContent')).toContain('Latte');

    await page.keyboard.press('Enter');
    await tabTo(page, /^Plain/);
    await page.keyboard.press('ArrowDown');
    await tabTo(page, /^Oat/);
    await page.keyboard.press('Space');
    await enter(/^More: Extra shot/);
    await enter(/^Add · \$6[.]10/);
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await enter(/^Your basket/);
    await page.locator('h1:focus').waitFor();
    await heading('Your basket');
    await enter(/^Review the order/);
    await page.locator('h1:focus').waitFor();
    await enter(/^Sign in/);
    await page.locator('[name=email]:focus').waitFor();
    await page.keyboard.type('customer@example.com');
    await tabTo(page, /^Password/);
    await page.keyboard.type('test');
    await page.keyboard.press('Enter');
    await heading('Is this right?');
    await enter(/^Place the order · \$6[.]10/);
    await heading('Thank you!');
    await enter(/^Cancel the order/);
    await enter(/^Yes, cancel it/);
    await heading('Cancelled, as you asked');
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);

test(
  'earlier orders are listed page by page, and can be ordered again',
  async () => {
    const lines = [{ ...(await shop.line('Latte', 'Vanilla', 2)), note: 'Extra hot' }];
    for (let count = 0; count < 11; count++) await shop.place({ body: { lines, location: 'in_house' } });
    const { page, press, review, place } = await openStorefront(browser, shop);
    await page.goto(`${shop.url}/#orders`);
    await page.getByRole('main').getByRole('button', { name: 'Sign in' }).click();
    await fillInSignIn(page, 'customer@example.com');
    const again = page.getByRole('button', { name: /^Order again/ });
    await again.nth(9).waitFor();
    expect(await again.count()).toBe(10);
    await press('Show more');
    await again.nth(10).waitFor();
    await again.first().click();
    await page.getByText('Extra hot').waitFor();
    await review();
    const { body: order } = await shop.readOrder(await place());
    expect(order.lines).toMatchObject([{ product: 'Latte', variation: 'Vanilla', quantity: 2, note: 'Extra hot' }]);
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);

test.each(languages)(
  'every view in %s is accessible at 390 and 1280 px, in light and dark colours',
  async (language) => {
    const { page, addLatte, review, place } = await openStorefront(browser, shop, { language });
    const faults: string[] = [];
    const look = async (view: string) =>
      faults.push(...(await faultsInEveryLook(page, `storefront-${language}-${view}`)));
    await page.getByRole('link', { name: /^Latte/ }).waitFor();
    await look('menu');
    await page.getByRole('link', { name: /^Latte/ }).click();
    await page.getByRole('dialog').waitFor();
    await look('product');
    await page.keyboard.press('Escape');
    await addLatte();
    await look('added');
    await page.goto(`${shop.url}/#orders`);
    await look('sign-in');
    await page.goto(`${shop.url}/#basket`);
    await look('basket');
    await review();
    await look('review');
    await place();
    await page
      .getByText(/^#\d+$/)
      .or(page.locator('.number'))
      .first()
      .waitFor();
    await look('order');
    await page.getByText(/^(Cancel the order|Cancelar o pedido)$/).click();
    await look('cancel');
    await page.goto(`${shop.url}/#orders`);
    await page.getByRole('main').getByRole('listitem').first().waitFor();
    await look('orders');
    expect(faults).toEqual([]);
    await page.context().close();
  },
  2 * PAGE_TIMEOUT_MS,
);

test('the storefront loads at most 60 kB of compressed JavaScript', () => {
  const build = join(import.meta.dirname, '../../.build/web');
  const scripts = readdirSync(join(build, 'web')).filter((name) => name.endsWith('.js'));
  const loaded = new Set<string>();
  const load = (source: string) => {
    for (const name of scripts.filter((each) => source.includes(each) && !loaded.has(each))) {
      loaded.add(name);
      load(readFileSync(join(build, 'web', name), 'utf8'));
    }
  };
  load(readFileSync(join(build, 'storefront.html'), 'utf8'));
  const sizes = [...loaded].map((name) => readFileSync(join(build, 'web', `${name}.gz`)).length);
  expect(loaded.size).toBeGreaterThan(0);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(60_000);
});
