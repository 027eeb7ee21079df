import { randomUUID } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { openChromium } from '../chromium.ts';
import { openShop, type Shop } from '../shop.ts';
import { OPENING_TIMEOUT_MS, PAGE_TIMEOUT_MS } from './page-checks.ts';
import { type Customer, openStorefront } from './storefront-customer.ts';

let browser: Browser;
let shop: Shop;
beforeAll(async () => {
  [browser, shop] = await Promise.all([openChromium(), openShop()]);
}, OPENING_TIMEOUT_MS);
afterAll(async () => {
  await browser?.close();
  await shop?.close();
});

/** Places an order on the page. */
async function placeOrder(): Promise<Customer & { id: string }> {
  const customer = await openStorefront(browser, shop);
  await customer.addLatte();
  await customer.review();
  const id = await customer.place();
  await customer.heading('Thank you!');
  return { ...customer, id };
}

test(
  'a customer cancels an order',
  async () => {
    const { page, press, heading, id } = await placeOrder();
    await page.getByText('Cancel the order').click();
    await press('Yes, cancel it');
    await heading('Cancelled, as you asked');
    expect((await shop.readOrder(id)).body).toMatchObject({
      status: 'cancelled',
      cancellation: { reasonCode: 'customer_request', by: { type: 'customer' } },
    });
    expect(await page.getByText('Cancel the order').count()).toBe(0);
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);

test(
  'a refused cancellation is explained',
  async () => {
    const { page, press, heading, id } = await placeOrder();
    await page.getByText('Cancel the order').click();
    await page.route('**/cancel', async (route) => {
      await shop.move(id, 'preparation');
      await shop.move(id, 'ready');
      await route.continue();
    });
    await press('Yes, cancel it');
    await page.getByText(/^It’s too late to cancel/).waitFor();
    await heading('It’s ready!');
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);

test(
  'a cancellation by the shop shows the reason',
  async () => {
    const { page, heading, id } = await placeOrder();
    const body = { reasonCode: 'out_of_stock', reason: 'The last oat milk is gone.' };
    await shop.requestUntilKnown('POST', `/v1/orders/${id}/cancel`, { as: shop.barista, body });
    await heading('We’re sorry');
    await page.getByText('We had to cancel your order. We have run out of something it needs.').waitFor();
    await page.getByText('The last oat milk is gone.').waitFor();
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);

test(
  'a lost connection is shown, and the status is right when it is back',
  async () => {
    const { page, heading, id } = await placeOrder();
    await page.getByText('Live').waitFor();
    await page.context().setOffline(true);
    await page.getByText('Connection lost. We keep trying…').waitFor();
    await page.getByText('You’re offline.').waitFor();
    await shop.move(id, 'preparation');
    await page.context().setOffline(false);
    await heading('We’re on it');
    await page.getByText('Live').waitFor();
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);

test(
  'an order of somebody else is not found',
  async () => {
    const { page, heading } = await placeOrder();
    await page.goto(`${shop.url}/#order/${randomUUID()}`);
    await heading('Order not found');
    await page.goBack();
    await heading('Thank you!');
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);
