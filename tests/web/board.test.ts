import type { Browser, Page } from 'playwright-core';
import { encode } from 'uqr';
import type { MenuItem } from '../../db/catalog-view.ts';
import { waitFor } from '../../stack/wait.ts';
import { openChromium } from '../chromium.ts';
import { openShop, type Shop } from '../shop.ts';
import { cardIn, cardOf, openBoard, step, TABLET } from './board-page.ts';
import { fillInSignIn, OPENING_TIMEOUT_MS, openPage, PAGE_TIMEOUT_MS } from './page-checks.ts';

let browser: Browser;
let shop: Shop;

beforeAll(async () => {
  [browser, shop] = await Promise.all([openChromium(), openShop()]);
}, OPENING_TIMEOUT_MS);
afterAll(async () => {
  await browser?.close();
  await shop?.close();
});
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
});

const open = (options?: Parameters<typeof openBoard>[2]) => openBoard(browser, shop, options);

async function openTab(page: Page): Promise<Page> {
  const tab = await page.context().newPage();
  await tab.goto(`${shop.url}/board`);
  return tab;
}

async function place(body?: unknown): Promise<{ id: string; number: number }> {
  const answer = await shop.place(body === undefined ? {} : { body, as: shop.barista });
  expect(answer.status).toBe(201);
  return answer.body;
}

/** Returns the statuses of an order so far, the first one first. */
const statusesOf = async (id: string) =>
  (await shop.timeline(id)).filter(({ kind, to }) => kind === 'event' && to !== null).map(({ to }) => to);

const notice = (page: Page, text: string | RegExp) => page.locator('.notices').getByText(text);

const isLost = (page: Page) => page.getByRole('status').filter({ hasText: 'No connection' }).waitFor();

test(
  'an order goes from the queue to the last delivered ones with three touches',
  async () => {
    const page = await open();
    const line = { ...(await shop.line('Latte', 'Vanilla', 2)), note: 'Extra hot' };
    const { id, number } = await place({ lines: [line], customerName: 'Ana', note: 'She is in a hurry' });
    await place({ lines: [{ ...line, quantity: 1 }] });
    const waiting = cardIn(page, 'Waiting', number);
    for (const text of ['Ana', '2 ×', 'Latte', 'Vanilla', '“Extra hot”', '“She is in a hurry”', 'To go · Counter']) {
      await waiting.getByText(text, { exact: true }).waitFor();
    }
    await page.getByText('3 × Latte · Vanilla · Extra hot').waitFor();
    await step(page, 'Start', number);
    await cardIn(page, 'Preparing', number).waitFor();
    await step(page, 'Ready', number);
    await cardIn(page, 'Ready', number).waitFor();
    await step(page, 'Delivered', number);
    await cardOf(page, number).waitFor({ state: 'detached' });
    await shop.waitForStatus(id, 'delivered');
    expect(await statusesOf(id)).toEqual(['waiting', 'preparation', 'ready', 'delivered']);
    await page.getByRole('button', { name: 'Last ten' }).click();
    await page.getByRole('dialog').getByText('Ana').waitFor();
  },
  PAGE_TIMEOUT_MS,
);

test(
  'the ten orders that were delivered last are listed, the newest first',
  async () => {
    const orders: Awaited<ReturnType<typeof place>>[] = [];
    for (let count = 0; count < 11; count += 1) orders.push(await place());
    // The order that was placed first is delivered last.
    for (const { id } of orders.toReversed()) {
      for (const status of ['preparation', 'ready', 'delivered'] as const) await shop.move(id, status);
    }
    const page = await open();
    await page.getByRole('button', { name: 'Last ten' }).click();
    const listed = page.getByRole('dialog').getByRole('article').getByRole('heading');
    await listed.first().waitFor();
    const texts = (await listed.allTextContents()).map((text) => text.trim().split(' ')[0]);
    expect(texts).toEqual(orders.slice(0, 10).map(({ number }) => `#${number}`));
  },
  PAGE_TIMEOUT_MS,
);

test(
  'Ctrl+Z undoes the last change, but not in a text field',
  async () => {
    const { number } = await place();
    const page = await open();
    await page.clock.install();
    await page.clock.pauseAt(Date.now() + 30_000);
    await step(page, 'Start', number);
    await cardIn(page, 'Preparing', number).waitFor();
    await page.getByRole('button', { name: 'New order' }).click();
    await page.getByLabel('Note (the customer can read it)').press('Control+z');
    await page.getByRole('button', { name: 'Close' }).click();
    await cardIn(page, 'Preparing', number).waitFor();
    await page.keyboard.press('Control+z');
    await cardIn(page, 'Waiting', number).waitFor();
  },
  PAGE_TIMEOUT_MS,
);

test(
  'a change can be undone before it is sent',
  async () => {
    const { id, number } = await place();
    const page = await open();
    let sent = 0;
    page.on('request', (request) => {
      if (request.url().endsWith('/status')) sent += 1;
    });
    // The five seconds pass only when the test says so.
    await page.clock.install();
    await page.clock.pauseAt(Date.now() + 30_000);
    await step(page, 'Start', number);
    await cardIn(page, 'Preparing', number).waitFor();
    await step(page, 'Undo', number);
    await cardIn(page, 'Waiting', number).waitFor();
    await page.clock.runFor(10_000);
    expect(sent).toBe(0);
    await step(page, 'Start', number);
    await page.clock.runFor(10_000);
    await shop.waitForStatus(id, 'preparation');
    expect(sent).toBe(1);
    expect(await statusesOf(id)).toEqual(['waiting', 'preparation']);
  },
  PAGE_TIMEOUT_MS,
);

test(
  'a second touch sends the first change, and an order moves back',
  async () => {
    const { id, number } = await place();
    const page = await open();
    await step(page, 'Start', number);
    await step(page, 'Back to the queue', number);
    await cardIn(page, 'Waiting', number).waitFor();
    await waitFor('both changes', async () => (await statusesOf(id)).length === 3, { deadline: 30_000 });
    expect(await statusesOf(id)).toEqual(['waiting', 'preparation', 'waiting']);
  },
  PAGE_TIMEOUT_MS,
);

test(
  'a page that is hidden sends its changes at once',
  async () => {
    const { id, number } = await place();
    const page = await open();
    await step(page, 'Start', number);
    await page.goto('about:blank');
    await shop.waitForStatus(id, 'preparation');
  },
  PAGE_TIMEOUT_MS,
);

async function cancel(page: Page, number: number): Promise<void> {
  await step(page, 'More', number);
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Cancel the order').click();
  await dialog.getByLabel('Reason').selectOption({ label: 'An ingredient is missing' });
  await dialog.getByLabel('Note to the customer (optional)').fill('No oat milk');
  await dialog.getByRole('button', { name: 'Cancel this order' }).click();
  await cardOf(page, number).waitFor({ state: 'detached' });
}

test(
  'an order is cancelled with a reason',
  async () => {
    const { id, number } = await place();
    const page = await open();
    await cancel(page, number);
    await shop.waitForStatus(id, 'cancelled');
    const { cancellation } = (await shop.readOrder(id)).body;
    expect(cancellation).toMatchObject({ reasonCode: 'out_of_stock', reason: 'No oat milk' });
  },
  PAGE_TIMEOUT_MS,
);

test(
  'an order that is cancelled during its preparation leaves one notice in all tabs',
  async () => {
    const { id, number } = await place();
    await shop.move(id, 'preparation');
    const page = await open();
    const other = await openTab(page);
    const tabs = [page, other];
    for (const tab of tabs) await cardIn(tab, 'Preparing', number).waitFor();
    // The other tab receives the event after it has taken over the notice.
    const network = await page.context().newCDPSession(other);
    const unlimited = { latency: 0, downloadThroughput: -1, uploadThroughput: -1 };
    const setOffline = (offline: boolean) =>
      network.send('Network.emulateNetworkConditions', { ...unlimited, offline });
    await setOffline(true);
    await isLost(other);
    await shop.requestUntilKnown('POST', `/v1/orders/${id}/cancel`, { as: shop.customer, body: {} });
    const text = `#${number} was cancelled. Please stop preparing it.`;
    for (const tab of tabs) await notice(tab, text).waitFor();
    await setOffline(false);
    for (const tab of tabs) await cardOf(tab, number).waitFor({ state: 'detached' });
    await page.reload();
    await notice(page, text).waitFor();
    await page.getByRole('button', { name: 'Dismiss' }).click();
    for (const tab of tabs) await notice(tab, text).waitFor({ state: 'detached' });
  },
  PAGE_TIMEOUT_MS,
);

test(
  'all notices are kept over a reload until they are dismissed',
  async () => {
    const page = await open();
    const count = 25;
    for (let made = 1; made <= count; made += 1) {
      await page.evaluate(`location.hash = crypto.randomUUID()`);
      await notice(page, 'The order was not found.')
        .nth(made - 1)
        .waitFor();
    }
    await page.reload();
    await notice(page, 'The order was not found.').first().waitFor();
    expect(await notice(page, 'The order was not found.').count()).toBe(count);
  },
  PAGE_TIMEOUT_MS,
);

test(
  'changes made offline are sent once when the connection returns',
  async () => {
    const { id, number } = await place();
    const page = await open();
    await page.context().setOffline(true);
    await isLost(page);
    await step(page, 'Start', number);
    await step(page, 'Ready', number);
    await cardIn(page, 'Ready', number).waitFor();
    await page.getByRole('status').filter({ hasText: '2 changes not sent' }).waitFor();
    await page.context().setOffline(false);
    await shop.waitForStatus(id, 'ready');
    await page.getByRole('status').filter({ hasText: 'Live' }).waitFor();
    expect(await statusesOf(id)).toEqual(['waiting', 'preparation', 'ready']);
  },
  PAGE_TIMEOUT_MS,
);

test(
  'a change of an order that was moved meanwhile is refused, and the order is shown as it is',
  async () => {
    const { id, number } = await place();
    const page = await open();
    await page.context().setOffline(true);
    await isLost(page);
    await step(page, 'Start', number);
    await step(page, 'Ready', number);
    for (const status of ['preparation', 'ready', 'delivered'] as const) await shop.move(id, status);
    await page.context().setOffline(false);
    await notice(page, `#${number} was not moved to “in preparation”: it is already “delivered”.`).waitFor();
    await notice(page, `#${number} was not moved to “ready”: it is already “delivered”.`).waitFor();
    await cardOf(page, number).waitFor({ state: 'detached' });
    expect(await statusesOf(id)).toEqual(['waiting', 'preparation', 'ready', 'delivered']);
  },
  PAGE_TIMEOUT_MS,
);

test(
  'a cancellation that is dropped with a refused change of the order leaves a notice, too',
  async () => {
    const { id, number } = await place();
    const page = await open();
    await page.context().setOffline(true);
    await isLost(page);
    await step(page, 'Start', number);
    await cancel(page, number);
    await shop.move(id, 'preparation');
    await page.context().setOffline(false);
    await notice(page, `#${number} was not moved to “in preparation”: it is already “in preparation”.`).waitFor();
    await notice(
      page,
      `#${number} was not cancelled: it has changed meanwhile, and is now “in preparation”.`,
    ).waitFor();
    await cardIn(page, 'Preparing', number).waitFor();
    expect(await statusesOf(id)).toEqual(['waiting', 'preparation']);
  },
  PAGE_TIMEOUT_MS,
);

test(
  'unsent changes are counted while the board is live, but changes get no answer',
  async () => {
    const { id, number } = await place();
    const page = await open();
    await page.route('**/status', (route) => route.fulfill({ status: 503 }));
    await step(page, 'Start', number);
    await page.getByRole('status').filter({ hasText: 'Live · 1 change not sent' }).waitFor();
    await page.unroute('**/status');
    await shop.waitForStatus(id, 'preparation');
    await page.getByRole('status').getByText('Live', { exact: true }).waitFor();
  },
  PAGE_TIMEOUT_MS,
);

/** Lets the page see itself as hidden. */
const hide = `
  Object.defineProperty(document, 'hidden', { value: true });
  document.dispatchEvent(new Event('visibilitychange'));`;

test(
  'a change that another tab has undone is not sent when the page is hidden',
  async () => {
    const { id, number } = await place();
    const page = await open();
    await step(page, 'Start', number);
    // The event of the storage, which tells other tabs of the removal, is late.
    await page.evaluate(`for (const key of Object.keys(localStorage)) {
      if (key.startsWith('crema.board.change.')) localStorage.removeItem(key);
    }`);
    await page.evaluate(hide);
    await cardIn(page, 'Waiting', number).waitFor();
    await step(page, 'Start', number);
    await shop.waitForStatus(id, 'preparation');
    expect(await statusesOf(id)).toEqual(['waiting', 'preparation']);
    expect(await page.locator('.notices .fault').count()).toBe(0);
  },
  PAGE_TIMEOUT_MS,
);

test(
  'a change whose answer was lost is applied once, and survives a reload',
  async () => {
    const { id, number } = await place();
    const page = await open();
    let answered = 0;
    await page.route('**/status', async (route) => {
      answered = (await route.fetch()).status();
      // The reload may have ended the request.
      await route.abort().catch(() => {});
    });
    await step(page, 'Start', number);
    await waitFor('the first answer', async () => answered !== 0, { deadline: 30_000 });
    await page.reload();
    await cardIn(page, 'Preparing', number).waitFor();
    const repeated = page.waitForResponse((response) => response.url().endsWith('/status'));
    await page.unroute('**/status');
    expect((await repeated).headers()['idempotency-replayed']).toBe('true');
    await cardIn(page, 'Preparing', number).waitFor();
    expect(await statusesOf(id)).toEqual(['waiting', 'preparation']);
  },
  PAGE_TIMEOUT_MS,
);

test(
  'two tabs show the same queue, and apply a change once',
  async () => {
    const { id, number } = await place();
    const page = await open();
    const other = await openTab(page);
    await cardIn(other, 'Waiting', number).waitFor();
    await step(page, 'Start', number);
    await cardIn(other, 'Preparing', number).waitFor();
    await step(other, 'Ready', number);
    await shop.waitForStatus(id, 'ready');
    await cardIn(page, 'Ready', number).waitFor();
    expect(await statusesOf(id)).toEqual(['waiting', 'preparation', 'ready']);
    expect(await page.locator('.notices .fault').count()).toBe(0);
  },
  PAGE_TIMEOUT_MS,
);

/** Makes the access token as old as if it had expired, and tells the page as another tab would. */
const ageAccessToken = `
  const key = 'crema.session.crema';
  localStorage.setItem(key, JSON.stringify({ ...JSON.parse(localStorage.getItem(key)), expiresAt: 0 }));
  dispatchEvent(new StorageEvent('storage', { key }));`;

test(
  'after an expired sign-in, the board asks for a new one and then sends its changes',
  async () => {
    const { id, number } = await place();
    const page = await open();
    await page.context().setOffline(true);
    await step(page, 'Start', number);
    const { renewal } = JSON.parse(await page.evaluate<string>("localStorage.getItem('crema.session.crema')"));
    const body = new URLSearchParams({ client_id: 'crema', token: renewal.refresh_token });
    expect((await fetch(`${shop.url}/oauth/revoke`, { method: 'POST', body })).status).toBe(200);
    await page.evaluate(ageAccessToken);
    await page.context().setOffline(false);
    await notice(page, 'Your sign-in has expired.').waitFor();
    await page.getByRole('status').filter({ hasText: 'Signed out · 1 change not sent' }).waitFor();
    await cardIn(page, 'Preparing', number).waitFor();
    await page.getByRole('button', { name: 'Sign in again' }).click();
    await Promise.race([fillInSignIn(page, 'barista@example.com'), page.locator('.connection.live').waitFor()]);
    await shop.waitForStatus(id, 'preparation');
    expect(await statusesOf(id)).toEqual(['waiting', 'preparation']);
  },
  PAGE_TIMEOUT_MS,
);

test(
  'changes of the board wait while a customer is signed in on the device',
  async () => {
    const { id, number } = await place();
    const page = await open();
    await page.context().setOffline(true);
    await step(page, 'Start', number);
    const setRole = (role: string) =>
      page.evaluate(`{
        const key = 'crema.account.crema';
        localStorage.setItem(key, JSON.stringify({ ...JSON.parse(localStorage.getItem(key)), role: '${role}' }));
        dispatchEvent(new StorageEvent('storage', { key }));
      }`);
    await setRole('customer');
    await page.context().setOffline(false);
    await page.getByText('1 change not sent').waitFor();
    expect(await statusesOf(id)).toEqual(['waiting']);
    await setRole('barista');
    await shop.waitForStatus(id, 'preparation');
  },
  PAGE_TIMEOUT_MS,
);

test(
  'customers and visitors read whom the page is for',
  async () => {
    const page = await openPage(browser, TABLET);
    await page.goto(`${shop.url}/board`);
    await page.getByRole('heading', { name: 'The board' }).waitFor();
    await page.getByRole('button', { name: 'Sign in' }).click();
    await fillInSignIn(page, 'customer@example.com');
    await page.getByText('This page is for the team behind the counter.').waitFor();
    await page.getByRole('button', { name: 'Sign in with another account' }).click();
    await fillInSignIn(page, 'barista@example.com');
    await page.getByRole('heading', { name: /^Waiting/ }).waitFor();
  },
  PAGE_TIMEOUT_MS,
);

async function chooseLatte(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'New order' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Latte' }).click();
  await dialog.getByLabel('Hazelnut').check();
  await dialog.getByLabel('Oat').check();
  await dialog.getByRole('button', { name: 'More: Extra shot' }).click();
  await dialog.getByLabel('Anything we should know?').fill('Half the foam');
  await dialog.getByRole('button', { name: /^Add · / }).click();
}

const placedOrders = async (name: string) =>
  (await shop.request('GET', '/v1/orders?channel=counter&limit=100', { as: shop.barista })).body.data.filter(
    ({ customer }: { customer: { name: string } }) => customer.name === name,
  );

test(
  'a counter order made offline is placed once, and shows its number and code',
  async () => {
    const page = await open();
    await page.getByRole('button', { name: 'New order' }).click();
    await page.getByRole('button', { name: 'Latte' }).waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
    await page.context().setOffline(true);
    await isLost(page);
    await chooseLatte(page);
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('Zoë');
    await dialog.getByLabel('For here').check();
    await dialog.getByLabel('Note (the customer can read it)').fill('Window seat');
    await dialog.getByRole('button', { name: 'Place order · $6.00' }).click();
    const pending = page.getByRole('listitem').filter({ hasText: 'No number yet' });
    await pending.getByText('Zoë').waitFor();
    await page.context().setOffline(false);
    const code = page.getByRole('dialog').getByRole('img', { name: 'Follow on a phone' });
    await code.waitFor();
    const [order, ...others] = await placedOrders('Zoë');
    expect(others).toEqual([]);
    expect(order).toMatchObject({ location: 'in_house', note: 'Window seat', total: { amount: 600 } });
    expect(order.lines[0]).toMatchObject({
      variation: 'Hazelnut',
      note: 'Half the foam',
      options: [{ name: 'Oat' }, { name: 'Extra shot' }],
    });
    await page
      .getByRole('heading', { name: `#${order.number} Zoë` })
      .first()
      .waitFor();
    await pending.waitFor({ state: 'detached' });
    const { body } = await shop.request('GET', `/v1/orders/${order.id}/follow-link`, { as: shop.barista });
    const { data, size } = encode(body.url, { border: 4 });
    const modules = data.flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : ''))).join('');
    expect(await code.getAttribute('viewBox')).toBe(`0 0 ${size} ${size}`);
    expect(await code.locator('path').getAttribute('d')).toBe(modules);
  },
  PAGE_TIMEOUT_MS,
);

async function setLatteAvailable(available: boolean): Promise<void> {
  const { productId } = await shop.line('Latte', 'Hazelnut');
  await shop.request('PATCH', `/v1/products/${productId}`, { as: shop.barista, body: { available } });
}

test(
  'a counter order that is refused in a hidden tab is opened again from a notice',
  async () => {
    const page = await open();
    await chooseLatte(page);
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('Ida');
    await page.context().setOffline(true);
    await dialog.getByRole('button', { name: /^Place order/ }).click();
    await page.evaluate(hide);
    await setLatteAvailable(false);
    await page.context().setOffline(false);
    await notice(page, 'something in it is sold out now').waitFor();
    expect(await dialog.count()).toBe(0);
    await setLatteAvailable(true);
    await page.getByRole('button', { name: 'Open the order' }).click();
    expect(await dialog.getByLabel('Name').inputValue()).toBe('Ida');
  },
  PAGE_TIMEOUT_MS,
);

test(
  'a counter order that the customer does not want any more is discarded',
  async () => {
    const page = await open();
    await chooseLatte(page);
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('Max');
    const discard = dialog.getByRole('button', { name: 'Discard' });
    await discard.click();
    await page.getByRole('button', { name: 'New order' }).click();
    await dialog.getByText('Choose something from the menu.').waitFor();
    expect(await dialog.getByLabel('Name').inputValue()).toBe('');
    expect(await discard.count()).toBe(0);
  },
  PAGE_TIMEOUT_MS,
);

test(
  'a counter order that is refused opens again with the reason',
  async () => {
    const page = await open();
    await chooseLatte(page);
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('Rui');
    await page.context().setOffline(true);
    await dialog.getByRole('button', { name: /^Place order/ }).click();
    await setLatteAvailable(false);
    await page.context().setOffline(false);
    await dialog.getByRole('alert').getByText('something in it is sold out now').waitFor();
    await dialog.getByText('Latte (Hazelnut) is sold out.').waitFor();
    expect(await dialog.getByLabel('Name').inputValue()).toBe('Rui');
    await setLatteAvailable(true);
    await dialog.getByRole('button', { name: /^Place order · \$/ }).click();
    await page.getByRole('img', { name: 'Follow on a phone' }).waitFor();
    expect(await placedOrders('Rui')).toHaveLength(1);
  },
  PAGE_TIMEOUT_MS,
);

test(
  'a counter order whose price has changed is placed with the new price after a touch',
  async () => {
    const page = await open();
    await page.getByRole('button', { name: 'New order' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Tea' }).click();
    await dialog.getByRole('button', { name: 'Add · $3.00' }).click();
    await dialog.getByLabel('Name').fill('Eva');
    await page.context().setOffline(true);
    await dialog.getByRole('button', { name: 'Place order · $3.00' }).click();
    const { productId } = await shop.line('Tea');
    const body = { basePrice: { amount: 350, currency: 'USD' } };
    await shop.request('PATCH', `/v1/products/${productId}`, { as: shop.manager, body });
    await page.context().setOffline(false);
    await dialog.getByRole('alert').getByText('it costs $3.50 now').waitFor();
    await dialog.getByRole('button', { name: 'Place order · $3.50' }).click();
    await page.getByRole('img', { name: 'Follow on a phone' }).waitFor();
    expect(await placedOrders('Eva')).toMatchObject([{ total: { amount: 350 } }]);
  },
  PAGE_TIMEOUT_MS,
);

/** Lets another barista use the tablet, as after an expired sign-in. */
const changeUser = `
  const key = 'crema.account.crema';
  localStorage.setItem(key, JSON.stringify({ ...JSON.parse(localStorage.getItem(key)), id: crypto.randomUUID() }));
  dispatchEvent(new StorageEvent('storage', { key }));`;

test(
  'a counter order whose answer was lost is not placed again for another user',
  async () => {
    const page = await open();
    let answered = 0;
    await page.route('**/v1/orders', async (route) => {
      if (route.request().method() !== 'POST') return route.fallback();
      answered = (await route.fetch()).status();
      await route.abort();
    });
    await chooseLatte(page);
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('Olga');
    await dialog.getByRole('button', { name: /^Place order/ }).click();
    await waitFor('the first answer', async () => answered === 201, { deadline: 30_000 });
    await page.evaluate(changeUser);
    await page.unroute('**/v1/orders');
    await dialog.getByRole('alert').getByText('This order may already be placed').waitFor();
    expect(await placedOrders('Olga')).toHaveLength(1);
  },
  PAGE_TIMEOUT_MS,
);

test(
  'products, variations and options are marked as sold out, and as available again',
  async () => {
    const page = await open();
    await page.getByRole('button', { name: 'Sold out' }).click();
    const dialog = page.getByRole('dialog');
    const named = <Item extends { name: string }>(items: Item[], name: string) =>
      items.find((item) => item.name === name)!;
    const items: [search: string, label: string, find: (menu: MenuItem[]) => { available: boolean }][] = [
      ['tea', 'Tea Available', (menu) => named(menu, 'Tea')],
      ['jelly', 'Jelly Available', (menu) => named(named(menu, 'Donuts').variations, 'Jelly')],
      ['soy', 'Soy Available', (menu) => named(named(menu, 'Latte').optionGroups[0]!.options, 'Soy')],
    ];
    const isAvailable = async (find: (typeof items)[0][2]) =>
      find((await shop.request('GET', '/v1/catalog')).body.data).available;
    for (const [search, label, find] of items) {
      await dialog.getByLabel('Search').fill(search);
      await page.context().setOffline(true);
      await dialog.getByLabel(label).uncheck();
      await dialog.getByLabel(label.replace('Available', 'Sold out')).waitFor();
      await page.context().setOffline(false);
      await waitFor(`${search} sold out`, async () => !(await isAvailable(find)), { deadline: 30_000 });
      await dialog.getByLabel(label.replace('Available', 'Sold out')).check();
      await waitFor(`${search} available`, () => isAvailable(find), { deadline: 30_000 });
    }
  },
  PAGE_TIMEOUT_MS,
);

test(
  'a later change of a sold-out item is sent although an earlier one is refused',
  async () => {
    const page = await open();
    await page.getByRole('button', { name: 'Sold out' }).click();
    const item = page.getByRole('dialog').getByLabel(/^Macchiato /);
    await item.waitFor();
    await page.context().setOffline(true);
    await item.uncheck();
    await item.check();
    await item.uncheck();
    const problem = { status: 422, code: 'invalid_request', title: 'Not valid', detail: 'Try another one.' };
    await page.route('**/v1/products/*', (route) => route.fulfill({ status: 422, json: problem }), { times: 1 });
    await page.context().setOffline(false);
    await notice(page, /could not be marked as sold out/).waitFor();
    const isAvailable = async () =>
      (await shop.request('GET', '/v1/catalog')).body.data.find(({ name }: MenuItem) => name === 'Macchiato').available;
    await waitFor('the last change', async () => !(await isAvailable()), { deadline: 30_000 });
  },
  PAGE_TIMEOUT_MS,
);

test(
  'the link of an email leads to its order, or says that it is not open',
  async () => {
    const { id, number } = await place();
    await place();
    const page = await open({ path: `/board#${id}`, viewport: { width: 390, height: 844 } });
    const card = cardOf(page, number);
    await card.and(page.locator(':focus')).waitFor();
    expect(await card.getAttribute('class')).toContain('linked');
    for (const status of ['preparation', 'ready', 'delivered'] as const) await shop.move(id, status);
    await card.waitFor({ state: 'detached' });
    await page.reload();
    await notice(page, `#${number} is no longer open. It is “delivered”.`).waitFor();
  },
  PAGE_TIMEOUT_MS,
);

/** Counts the tones that the page plays in an attribute of its root. */
const countTones = `
  const { start } = OscillatorNode.prototype;
  OscillatorNode.prototype.start = function (when) {
    const { dataset } = document.documentElement;
    dataset.tones = String(Number(dataset.tones ?? 0) + 1);
    start.call(this, when);
  };`;

test(
  'new orders that arrive together play two tones if the sound is on',
  async () => {
    const page = await openPage(browser, TABLET);
    await page.addInitScript(countTones);
    await page.goto(`${shop.url}/board`);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await fillInSignIn(page, 'barista@example.com');
    const silent = await place();
    await cardOf(page, silent.number).waitFor();
    expect(await page.locator('html').getAttribute('data-tones')).toBeNull();
    await page.getByRole('button', { name: 'Sound', pressed: false }).click();
    await page.locator('html[data-tones="2"]').waitFor({ state: 'attached' });
    await page.getByRole('button', { name: 'Sound', pressed: true }).waitFor();
    // The tones of the touch have ended.
    await page.waitForTimeout(1_000);
    await page.context().setOffline(true);
    const numbers = [(await place()).number, (await place()).number];
    await page.context().setOffline(false);
    for (const number of numbers) await cardOf(page, number).waitFor();
    expect(await page.locator('html').getAttribute('data-tones')).toBe('4');
  },
  PAGE_TIMEOUT_MS,
);
