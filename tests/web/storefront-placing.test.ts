import type { Browser, Page, Route } from 'playwright-core';
import { openChromium } from '../chromium.ts';
import { openShop, type Shop } from '../shop.ts';
import { faultsInEveryLook, fillInSignIn, OPENING_TIMEOUT_MS, openPage, PAGE_TIMEOUT_MS } from './page-checks.ts';
import { changeMenu, lattePaths, openStorefront } from './storefront-customer.ts';

let browser: Browser;
let shop: Shop;
beforeAll(async () => {
  [browser, shop] = await Promise.all([openChromium(), openShop()]);
}, OPENING_TIMEOUT_MS);
afterAll(async () => {
  await browser?.close();
  await shop?.close();
});

/** Returns the number of orders of the shop. */
async function countOrders(): Promise<number> {
  const { body } = await shop.request('GET', '/v1/orders?limit=100', { as: shop.manager });
  return body.data.length;
}

test(
  'a reload before the answer repeats the request, and there is one order',
  async () => {
    const before = await countOrders();
    const { page, addLatte, review, press, heading } = await openStorefront(browser, shop);
    await addLatte();
    await review();
    const reached = Promise.withResolvers<void>();
    const holdAnswer = async (route: Route) => {
      await route.fetch();
      reached.resolve();
    };
    await page.route('**/v1/orders', holdAnswer, { times: 1 });
    await press(/^Place the order/);
    await reached.promise;
    await page.reload();
    await heading('Thank you!');
    expect(await countOrders()).toBe(before + 1);
    await page.goto(`${shop.url}/#basket`);
    await page.getByText('Nothing here yet.').waitFor();
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);

const badAnswers: [string, (route: Route) => Promise<void>][] = [
  ['a lost answer', (route) => route.abort()],
  [
    'an answer that is cut off',
    (route) => route.fulfill({ status: 201, body: '{"id": "', contentType: 'application/json' }),
  ],
  [
    'an internal error',
    (route) => route.fulfill({ status: 500, json: { code: 'internal', detail: 'Unexpected error.' } }),
  ],
  [
    'the error page of a proxy',
    (route) => route.fulfill({ status: 403, body: '<h1>Forbidden</h1>', contentType: 'text/html' }),
  ],
];

test.each(badAnswers)(
  '%s is explained, and the same request is repeated until its outcome is known',
  async (_, answer) => {
    const before = await countOrders();
    const { page, addLatte, review, press, heading } = await openStorefront(browser, shop);
    await addLatte();
    await review();
    const keys = new Set<string | undefined>();
    await page.route('**/v1/orders', async (route) => {
      keys.add(route.request().headers()['idempotency-key']);
      await route.fetch();
      await answer(route);
    });
    await press(/^Place the order/);
    await page.getByText(/^The shop does not answer. We keep trying/).waitFor();
    // While the outcome is unknown, nothing else can be ordered.
    await page.goto(`${shop.url}/#basket`);
    await page.getByRole('link', { name: /^Review the order/ }).click();
    await heading('Sending your order…');
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await heading('Thank you!');
    expect([keys.size, await countOrders()]).toEqual([1, before + 1]);
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);

test(
  'after ten minutes without an outcome, an order is placed only after a question',
  async () => {
    const before = await countOrders();
    const { page, addLatte, review, press, heading } = await openStorefront(browser, shop);
    await addLatte();
    await review();
    await page.route('**/v1/orders', async (route) => {
      await route.fetch();
      await route.abort();
    });
    await press(/^Place the order/);
    await page.getByText(/^The shop does not answer. We keep trying/).waitFor();
    await page.evaluate(`
      const placing = JSON.parse(localStorage.getItem('crema.placing'));
      localStorage.setItem('crema.placing', JSON.stringify({ ...placing, placedAt: Date.now() - 11 * 60_000 }));`);
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await page.reload();
    await heading('Is this right?');
    await press(/^Place the order/);
    await heading('Thank you!');
    expect(await countOrders()).toBe(before + 1);
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);

test(
  'two tabs with the same basket place one order',
  async () => {
    const before = await countOrders();
    const { page, addLatte, review, place } = await openStorefront(browser, shop);
    await addLatte();
    await review();
    const second = await page.context().newPage();
    await second.goto(`${shop.url}/#checkout`);
    const button = second.getByRole('button', { name: /^Place the order/ });
    await button.waitFor();
    const id = await place();
    // The other tab may have noticed the order, and then shows it without a touch.
    void button.click().catch(() => {});
    await second.getByRole('heading', { level: 1, name: 'Thank you!' }).waitFor();
    expect([id, await countOrders()]).toEqual([expect.any(String), before + 1]);
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);

test(
  'a new price is explained, and accepted with one touch',
  async () => {
    const { latte } = await lattePaths(shop);
    const { page, addLatte, review, press, place, heading } = await openStorefront(browser, shop);
    await addLatte();
    await review();
    const price = (amount: number) => ({ basePrice: { amount, currency: 'USD' } });
    const restore = await changeMenu(shop, latte, price(430), price(400));
    await press('Place the order · $4.60');
    await heading('Something has changed');
    await page.getByText('Latte now costs $4.90 instead of $4.60.').waitFor();
    expect(await faultsInEveryLook(page, 'storefront-en-changed')).toEqual([]);
    await page.getByRole('button', { name: 'Accept and order · $4.90' }).waitFor();
    const { body: order } = await shop.readOrder(await place());
    expect(order.total.amount).toBe(490);
    await restore();
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);

test(
  'a sold out option is explained, and the order without it is accepted with one touch',
  async () => {
    const { oat } = await lattePaths(shop);
    const { page, addLatte, review, press, place } = await openStorefront(browser, shop);
    await addLatte();
    await review();
    const restore = await changeMenu(shop, oat, { available: false }, { available: true });
    await press('Place the order · $4.60');
    await page.getByText('Oat is sold out. Latte comes without it.').waitFor();
    const { body: order } = await shop.readOrder(await place());
    expect(order).toMatchObject({ total: { amount: 400 }, lines: [{ product: 'Latte', options: [] }] });
    await restore();
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);

test(
  'a sold out product is marked on the menu and in the basket, and the rest can be ordered',
  async () => {
    const { latte } = await lattePaths(shop);
    const { page, addLatte, review, press, place, heading } = await openStorefront(browser, shop);
    await addLatte();
    await page.getByRole('link', { name: /^Tea/ }).click();
    await press('Add · $3.00');
    await review();
    const restore = await changeMenu(shop, latte, { available: false }, { available: true });
    await press('Place the order · $7.60');
    await heading('Something has changed');
    await page.getByText('Latte is sold out.').waitFor();
    const { body: order } = await shop.readOrder(await place());
    expect(order.lines).toMatchObject([{ product: 'Tea' }]);

    await page.goto(`${shop.url}/#basket`);
    await page.getByText('Latte is sold out.').waitFor();
    await page.goto(`${shop.url}/#checkout`);
    await page.getByText('Nothing in your basket can be ordered right now.').waitFor();
    await page.goto(`${shop.url}/#menu`);
    await page.getByRole('link', { name: /^Latte.*Sold out/ }).click();
    expect(await page.getByRole('button', { name: 'Sold out' }).isDisabled()).toBe(true);
    await restore();
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);

/** Revokes the sign-in, and lets its access token expire. */
async function expireSignIn(page: Page): Promise<void> {
  const token = await page.evaluate<string>(`(() => {
    const key = 'crema.session.crema';
    const session = JSON.parse(localStorage.getItem(key));
    localStorage.setItem(key, JSON.stringify({ ...session, expiresAt: 0 }));
    // Browsers send this event to the other tabs only.
    dispatchEvent(new StorageEvent('storage', { key }));
    return session.renewal.refresh_token;
  })()`);
  const body = new URLSearchParams({ client_id: 'crema', token });
  expect((await fetch(`${shop.url}/oauth/revoke`, { method: 'POST', body })).status).toBe(200);
}

test(
  'an expired sign-in is explained, and the basket waits for the next one',
  async () => {
    const { page, addLatte, review, press, heading } = await openStorefront(browser, shop);
    await addLatte();
    await review();
    await expireSignIn(page);
    await page.reload();
    await page.getByText('Your sign-in has expired.').waitFor();
    await press('Sign in again');
    // The sign-in page remembers the browser.
    const signedIn = page.getByRole('button', { name: 'Place the order · $4.60' });
    await signedIn.or(page.locator('[name=email]')).waitFor();
    if (!(await signedIn.isVisible())) await fillInSignIn(page, 'customer@example.com');
    await heading('Is this right?');
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);

/** Places the reviewed order. Its answer is lost, and the sign-in expires. */
async function placeWithoutAnswer(page: Page): Promise<void> {
  const loseAnswer = async (route: Route) => {
    await route.fetch();
    await expireSignIn(page);
    await route.abort();
  };
  await page.route('**/v1/orders', loseAnswer, { times: 1 });
  await page.getByRole('button', { name: /^Place the order/ }).click();
  await page.getByText('Your sign-in has expired.').waitFor();
}

test(
  'an order whose sign-in expires before the answer is placed once, after the next sign-in',
  async () => {
    const before = await countOrders();
    const { page, addLatte, review, press, heading } = await openStorefront(browser, shop);
    await addLatte();
    await review();
    await placeWithoutAnswer(page);
    await press('Sign in again');
    await heading(/^(Thank you!|Sign in)$/);
    if (new URL(page.url()).pathname !== '/') await fillInSignIn(page, 'customer@example.com');
    await heading('Thank you!');
    expect(await countOrders()).toBe(before + 1);
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);

test(
  'a stored order is not placed for another user whose account is not known yet',
  async () => {
    const before = await countOrders();
    const { page, addLatte, review, press, heading } = await openStorefront(browser, shop);
    await addLatte();
    await review();
    await placeWithoutAnswer(page);
    await page.context().clearCookies();
    await page.route('**/v1/me', (route) => route.abort());
    await press('Sign in again');
    await fillInSignIn(page, 'manager@example.com');
    await heading('Sending your order…');
    await page.unroute('**/v1/me');
    await page.getByText('You’re signed in as one of the team.').waitFor();
    expect(await countOrders()).toBe(before + 1);
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);

test(
  'a menu that cannot be read is explained, and read again',
  async () => {
    const page = await openPage(browser);
    await page.route('**/v1/catalog', (route) => route.abort());
    await page.goto(`${shop.url}/`);
    await page.getByText(/^The shop does not answer/).waitFor();
    await page.unrouteAll();
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('link', { name: /^Latte/ }).waitFor();
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);

test.each([
  ['en', 'This order can’t be placed now', /invalid|must|one of/i, 'Try again', 'Is this right?'],
  [
    'pt',
    'Este pedido não pode ser feito agora',
    /^A loja não aceita estes dados[.]$/,
    'Tentar de novo',
    'Está tudo certo?',
  ],
] as const)(
  'a refused order is explained in %s',
  async (language, title, reason, again, question) => {
    const { page, addLatte, review, press, heading } = await openStorefront(browser, shop, { language });
    await addLatte();
    await review();
    await page.route('**/v1/orders', (route) => {
      const body = { ...route.request().postDataJSON(), location: 'nowhere' };
      return route.continue({ postData: JSON.stringify(body) });
    });
    await press(/^(Place the order|Fazer o pedido)/);
    await heading(title);
    await page.getByText(reason).first().waitFor();
    await page.unrouteAll();
    await press(again);
    await heading(question);
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);

test(
  'staff see the menu, and a link to the board in place of the order button',
  async () => {
    const page = await openPage(browser);
    await page.goto(`${shop.url}/#sign-in`);
    await fillInSignIn(page, 'barista@example.com');
    await page.getByRole('link', { name: /^Tea/ }).click();
    await page.getByRole('button', { name: 'Add · $3.00' }).click();
    await page.goto(`${shop.url}/#checkout`);
    expect(await page.getByRole('link', { name: 'Open the board' }).getAttribute('href')).toBe('/board');
    expect(await page.getByRole('button', { name: /^Place/ }).count()).toBe(0);
    await page.context().close();
  },
  PAGE_TIMEOUT_MS,
);
