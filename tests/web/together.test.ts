import type { Browser } from 'playwright-core';
import { openChromium } from '../chromium.ts';
import { openShop, type Shop } from '../shop.ts';
import { cardIn, openBoard, step } from './board-page.ts';
import { openDisplay, section } from './display-screen.ts';
import { OPENING_TIMEOUT_MS, openPage, PAGE_TIMEOUT_MS } from './page-checks.ts';
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
  'customer, follower and display see what the board does',
  async () => {
    const board = await openBoard(browser, shop);
    const display = await openDisplay(browser, shop);
    const customer = await openStorefront(browser, shop);
    await customer.addLatte();
    await customer.review();
    const id = await customer.place();
    const { number } = (await shop.readOrder(id)).body;
    const { body: link } = await shop.request('GET', `/v1/orders/${id}/follow-link`, { as: shop.customer });
    const follower = await openPage(browser);
    const { pathname, hash } = new URL(link.url);
    await follower.goto(shop.url + pathname + hash);
    await follower.getByRole('heading', { name: 'Thank you!' }).waitFor();

    await cardIn(board, 'Waiting', number).getByText('Carlos Customer').waitFor();
    await step(board, 'Start', number);
    await customer.heading(/We’re on it/);
    await follower.getByRole('heading', { name: 'We’re on it' }).waitFor();
    await section(display, 'Being made').getByText('Carlos C.').waitFor();

    await step(board, 'Ready', number);
    await customer.heading(/It’s ready/);
    await follower.getByRole('heading', { name: 'It’s ready!' }).waitFor();
    await section(display, 'Ready').getByText('Carlos C.').waitFor();

    await step(board, 'Delivered', number);
    await customer.heading(/Enjoy/);
    await follower.getByRole('heading', { name: 'Enjoy!' }).waitFor();
    await display.getByText('Carlos C.').waitFor({ state: 'detached' });
  },
  PAGE_TIMEOUT_MS,
);

test(
  'a customer’s cancellation takes the order off the board',
  async () => {
    const board = await openBoard(browser, shop);
    const customer = await openStorefront(browser, shop);
    await customer.addLatte();
    await customer.review();
    const { number } = (await shop.readOrder(await customer.place())).body;
    await cardIn(board, 'Waiting', number).waitFor();

    await customer.page.getByText('Cancel the order').click();
    await customer.press('Yes, cancel it');
    await customer.heading(/Cancelled, as you asked/);
    await cardIn(board, 'Waiting', number).waitFor({ state: 'detached' });
  },
  PAGE_TIMEOUT_MS,
);
