import type { Browser, Page } from 'playwright-core';
import { openChromium } from '../chromium.ts';
import { openShop, type Shop } from '../shop.ts';
import { cardIn, cardOf, openBoard, step, TABLET } from './board-page.ts';
import { faultsInEveryLook, languages, OPENING_TIMEOUT_MS, openPage, PAGE_TIMEOUT_MS } from './page-checks.ts';

let browser: Browser;
let shop: Shop;
let number: number;

beforeAll(async () => {
  [browser, shop] = await Promise.all([openChromium(), openShop()]);
  const latte = { ...(await shop.line('Latte', 'Vanilla', 2)), note: 'Extra hot' };
  const lines = [latte, await shop.line('Donuts', 'Boston Cream', 12)];
  const body = { lines, customerName: 'Ana', note: 'She is in a hurry' };
  for (const statuses of [
    [],
    ['preparation'],
    ['preparation', 'ready'],
    ['preparation', 'ready', 'delivered'],
  ] as const) {
    const placed = (await shop.place({ body, as: shop.barista })).body;
    for (const status of statuses) await shop.move(placed.id, status);
    if (statuses.length === 0) number = placed.number;
  }
}, OPENING_TIMEOUT_MS);
afterAll(async () => {
  await browser?.close();
  await shop?.close();
});
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
});

/** The names of buttons in both languages. */
const names = {
  en: { more: 'More', soldOut: 'Sold out', last: 'Last ten', newOrder: 'New order', close: 'Close', start: 'Start' },
  pt: {
    more: 'Mais',
    soldOut: 'Esgotados',
    last: 'Últimos dez',
    newOrder: 'Novo pedido',
    close: 'Fechar',
    start: 'Começar',
  },
};

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

test.each(languages)(
  'the board and its panels are legible and accessible in %s',
  async (language) => {
    const { more, soldOut, last, newOrder, close, start } = names[language];
    const faults: string[] = [];
    const look = async (page: Page, name: string) =>
      faults.push(...(await faultsInEveryLook(page, `board-${name}-${language}`)));

    const visitor = await openPage(browser, { language });
    await visitor.goto(`${shop.url}/board`);
    await visitor.locator('main button').waitFor();
    await look(visitor, 'closed');

    const page = await openBoard(browser, shop, { language });
    await cardOf(page, number).waitFor();
    await look(page, 'orders');
    await page.setViewportSize(TABLET.viewport);
    for (const [name, touch] of [
      ['order', () => step(page, more, number)],
      ['sold-out', () => button(page, soldOut).click()],
      ['last', () => button(page, last).click()],
      ['new-order', () => button(page, newOrder).click()],
    ] as const) {
      await touch();
      await page.getByRole('dialog').locator('.code, ul, .products button').first().waitFor();
      await look(page, name);
      await page.setViewportSize(TABLET.viewport);
      await button(page, close).click();
    }
    await page.context().setOffline(true);
    await step(page, start, number);
    await page.locator('.undo button').waitFor();
    await look(page, 'offline');
    expect(faults).toEqual([]);
  },
  3 * PAGE_TIMEOUT_MS,
);

test(
  'the board shows 500 open orders, the oldest first, the late ones in colour',
  async () => {
    await shop.database.raw(insertOrders);
    const { body: order } = await shop.place();
    const page = await openBoard(browser, shop);
    await page.getByRole('heading', { name: /^Waiting 50\d$/ }).waitFor();
    const numbers = (await page.locator('.columns .number').allTextContents()).map((text) => Number(text.slice(1)));
    expect(numbers.filter((number) => number > 400)).toEqual(Array.from({ length: 500 }, (_, index) => 401 + index));
    const ageOf = (number: number) => cardOf(page, number).locator('.age');
    expect(await ageOf(401).textContent()).toMatch(/^Late · 50\d min$/);
    expect(await ageOf(900).textContent()).toMatch(/^\d min$/);
    const colours = await page.evaluate<string[]>(coloursOfAges);
    expect(colours[0]).not.toBe(colours.at(-1));
    await step(page, 'Start', order.number);
    await shop.waitForStatus(order.id, 'preparation');
    await cardIn(page, 'Preparing', order.number).waitFor();
  },
  PAGE_TIMEOUT_MS,
);

const coloursOfAges = `Array.from(
  document.querySelectorAll('.columns .age'), (age) => getComputedStyle(age).backgroundColor)`;

test(
  'a phone shows the connection after scrolling, and in a panel if it is lost',
  async () => {
    const page = await openBoard(browser, shop, { viewport: { width: 390, height: 844 } });
    await page.evaluate('scrollTo(0, document.body.scrollHeight)');
    const { y, height } = (await page.getByRole('status').filter({ hasText: 'Live' }).boundingBox())!;
    expect(y).toBeGreaterThan(0);
    expect(y + height).toBeLessThan(844);
    await button(page, names.en.newOrder).click();
    const state = page.getByRole('dialog').getByRole('status');
    expect(await state.count()).toBe(0);
    await page.context().setOffline(true);
    await state.filter({ hasText: 'No connection' }).waitFor();
  },
  PAGE_TIMEOUT_MS,
);

/** Inserts 500 waiting orders, from the number 401, which is 500 minutes old, to 900, which is one minute old. */
const insertOrders = `
  INSERT INTO orders (id, customer_id, number, status, version, snapshot, placed_at)
  SELECT id, null, number, 'waiting', 1, (SELECT snapshot FROM orders LIMIT 1)::jsonb || jsonb_build_object('id', id, 'number', number,
    'status', 'waiting', 'version', 1, 'placedAt', placed_at), placed_at
  FROM (SELECT gen_random_uuid() AS id, number, now() - (901 - number) * interval '1 minute' AS placed_at
    FROM generate_series(401, 900) number) AS numbered`;

test(
  'the keyboard alone starts an order, cancels another one, and closes panels',
  async () => {
    const place = async () => (await shop.place()).body as { id: string; number: number };
    const [first, second] = [await place(), await place()];
    const page = await openBoard(browser, shop);
    await cardIn(page, 'Waiting', second.number).waitFor();
    await button(page, `Start: #${first.number}`).focus();
    await page.keyboard.press('Enter');
    await cardIn(page, 'Preparing', first.number).waitFor();
    await button(page, `Start: #${second.number}`).and(page.locator(':focus')).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    const more = button(page, `More: #${second.number}`).and(page.locator(':focus'));
    await more.waitFor();
    await page.keyboard.press('Enter');
    for (const key of ['Tab', 'Enter', 'Tab', 'Tab', 'Tab', 'Enter']) await page.keyboard.press(key);
    await cardOf(page, second.number).waitFor({ state: 'detached' });
    await shop.waitForStatus(first.id, 'preparation');
    await shop.waitForStatus(second.id, 'cancelled');
  },
  PAGE_TIMEOUT_MS,
);
