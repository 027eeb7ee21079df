import { randomUUID } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { waitFor } from '../../stack/wait.ts';
import { openChromium } from '../chromium.ts';
import { openShop, type Shop } from '../shop.ts';
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

/** Returns the link in the customer's last email about an order, at the address of the test's API. */
async function linkInEmail(orderId: string): Promise<string> {
  const pattern = new RegExp(`http\\S+/orders/${orderId}/follow#[\\w-]+`);
  const links = () => shop.smtp.arrivals.flatMap(({ mail }) => pattern.exec(mail.text ?? '')?.[0] ?? []);
  await waitFor('The link in an email', () => links().length > 0, { deadline: 20_000 });
  const { pathname, hash } = new URL(links().at(-1)!);
  return shop.url + pathname + hash;
}

test(
  'the link in an email follows the order to its end, without an account',
  async () => {
    const { body: order } = await shop.place();
    const page = await openPage(browser);
    const requests: string[] = [];
    page.on('request', (request) => requests.push(new URL(request.url()).pathname));
    await page.goto(await linkInEmail(order.id));

    await page.getByRole('heading', { name: 'Thank you!' }).waitFor();
    await page.getByText(`#${order.number}`).waitFor();
    await page.getByText('Vanilla').waitFor();
    expect(requests.filter((path) => path.startsWith('/v1/'))).toEqual([
      '/v1/stream-tickets',
      `/v1/orders/${order.id}/events`,
    ]);

    await shop.move(order.id, 'preparation');
    await page.getByRole('heading', { name: 'We’re on it' }).waitFor();
    await shop.move(order.id, 'ready');
    await page.getByRole('heading', { name: 'It’s ready!' }).waitFor();
    await shop.move(order.id, 'delivered');
    await page.getByRole('heading', { name: 'Enjoy!' }).waitFor();

    await page.reload();
    await page.getByRole('heading', { name: 'Enjoy!' }).waitFor();
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);

test(
  'a lost connection is shown, and the page catches up when the connection is back',
  async () => {
    const { body: order } = await shop.place();
    const page = await openPage(browser);
    await page.goto(await linkInEmail(order.id));
    await page.getByRole('heading', { name: 'Thank you!' }).waitFor();

    await page.context().setOffline(true);
    await page.getByText('No connection').waitFor();
    await shop.move(order.id, 'preparation');
    await page.context().setOffline(false);

    await page.getByRole('heading', { name: 'We’re on it' }).waitFor();
    await page.getByText('No connection').waitFor({ state: 'detached' });
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);

test(
  'a request for a ticket without an answer is shown as a lost connection, and repeated',
  async () => {
    const { body: order } = await shop.place();
    const page = await openPage(browser);
    await page.clock.install();
    await page.route('**/v1/stream-tickets', () => {}, { times: 1 });
    const isAsked = page.waitForRequest('**/v1/stream-tickets');
    await page.goto(await linkInEmail(order.id));
    await isAsked;
    await page.clock.fastForward('01:00');
    await page.getByText('No connection').waitFor();
    await page.clock.fastForward('01:00');
    await page.getByRole('heading', { name: 'Thank you!' }).waitFor();
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);

test.each([
  ['a wrong token', async (id: string) => `${shop.url}/orders/${id}/follow#${'A'.repeat(43)}`],
  ['no token', async (id: string) => `${shop.url}/orders/${id}/follow`],
  ['an unknown order', async () => `${shop.url}/orders/${randomUUID()}/follow#${'A'.repeat(43)}`],
  [
    'the token of another order',
    async (id: string) => (await linkInEmail(id)).replace(id, (await shop.place()).body.id),
  ],
])(
  'a link with %s shows that it does not work',
  async (_, linkTo) => {
    const { body: order } = await shop.place();
    const page = await openPage(browser);
    await page.goto(await linkTo(order.id));
    await page.getByRole('heading', { name: 'This link is no longer valid' }).waitFor();
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);

test.each(languages)(
  'is readable and usable in every look and state: %s',
  async (language) => {
    const { body: order } = await shop.place({
      body: { lines: [await shop.line('Latte', 'Vanilla', 2)], note: 'بدون سكر', location: 'in_house' },
    });
    const page = await openPage(browser, { language });
    await page.goto(await linkInEmail(order.id));
    await page.getByText(`#${order.number}`).waitFor();
    const found = await faultsInEveryLook(page, `follow-${language}-waiting`);
    await shop.move(order.id, 'preparation');
    await shop.move(order.id, 'ready');
    await page.locator('.order.ready').waitFor();
    found.push(...(await faultsInEveryLook(page, `follow-${language}-ready`)));
    await page.goto(`${shop.url}/orders/${randomUUID()}/follow`);
    await page.getByRole('heading').waitFor();
    found.push(...(await faultsInEveryLook(page, `follow-${language}-gone`)));
    expect(found).toEqual([]);
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);
