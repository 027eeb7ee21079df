import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { openChromium } from '../chromium.ts';
import { signIn } from '../sign-in.ts';
import { type StandaloneShop, withStandaloneShop } from '../standalone-shop.ts';
import { limitTime, runStoppable } from '../stoppable-command.ts';
import { fillInSignIn } from './page-checks.ts';

// `npm run screenshots`: takes the pictures of the README anew, in a shop of its own.

const FOLDER = join(import.meta.dirname, '../../docs/images');
const LIMIT_MS = 10 * 60_000;

/** The orders of the pictures: `[who, lines, status]`. A line is `[quantity, product, variation, options, note]`. */
type Sample = [customer: string | null, lines: SampleLine[], status: string];
type SampleLine = [quantity: number, product: string, variation?: string, options?: string[], note?: string];

const samples: Sample[] = [
  ['Maria', [[1, 'Latte', 'Vanilla', ['Oat']]], 'ready'],
  [null, [[2, 'Espresso', 'Double Shot']], 'ready'],
  [
    'Zoë',
    [
      [1, 'Macchiato', 'Caramel', ['Whole'], 'Extra hot, please'],
      [2, 'Donuts', 'Glazed'],
    ],
    'preparation',
  ],
  [
    null,
    [
      [1, 'Tea'],
      [1, 'Donuts', 'Boston Cream'],
    ],
    'preparation',
  ],
  ['Joaquim', [[1, 'Latte', 'Hazelnut', ['Oat', 'Extra shot']]], 'waiting'],
  [
    null,
    [
      [1, 'Iced Coffee', 'Extra Ice', ['Soy']],
      [1, 'Latte', 'Hazelnut', ['Oat', 'Extra shot']],
    ],
    'waiting',
  ],
  ['Priya', [[2, 'Latte', 'Pumpkin Spice', ['Oat', 'Cinnamon'], 'One with half the spice']], 'waiting'],
];

/** The statuses on the way to a status. */
const ways: Record<string, string[]> = { waiting: [], preparation: ['preparation'], ready: ['preparation', 'ready'] };

await runStoppable(async (stopping) => {
  limitTime(stopping, LIMIT_MS, `The pictures took over ${LIMIT_MS / 60_000} minutes.`);
  mkdirSync(FOLDER, { recursive: true });
  const browser = await openChromium();
  try {
    await withStandaloneShop((shop) => takePictures(shop, browser), console.log, stopping.signal);
  } finally {
    await browser.close();
  }
});

async function takePictures({ url, temporalPage }: StandaloneShop, browser: Browser): Promise<void> {
  const [first = ''] = await placeSamples(url);

  const board = await openPage(browser, 1280, 800);
  await board.goto(`${url}/board`);
  await board.getByRole('button', { name: 'Sign in' }).click();
  await fillInSignIn(board, 'barista@example.com');
  const isShown = () => board.getByText('Joaquim').waitFor();
  // A reload before the sign-in is complete would end it.
  await isShown();
  await save(board, 'board', isShown);

  const storefront = await openPage(browser, 390, 844, 2);
  await storefront.goto(url);
  await save(storefront, 'storefront', () => storefront.getByText('Latte').first().waitFor());

  const temporal = await openPage(browser, 1280, 800);
  await temporal.goto(`${temporalPage}/namespaces/default/workflows/order-${first}`);
  await save(temporal, 'workflow', async () => {
    await temporal.getByText('2 preparation, 3 ready').first().waitFor();
    await temporal.getByRole('heading', { name: 'Event History' }).evaluate((heading) => heading.scrollIntoView());
  });
}

/** Opens a page in a browser context of its own. @param scale device pixels for each pixel */
async function openPage(browser: Browser, width: number, height: number, scale = 1): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width, height },
    deviceScaleFactor: scale,
    locale: 'en-US',
    reducedMotion: 'reduce',
  });
  return context.newPage();
}

/** Saves a page in light and dark colours. The page is loaded anew, because some apply their colours only then. */
async function save(page: Page, name: string, isShown: () => Promise<void>): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.reload();
    await isShown();
    const path = join(FOLDER, `${name}-${colorScheme}.png`);
    await page.screenshot({ path });
    console.log(path);
  }
}

/** Places the orders: with a name at the counter, without one by the customer. @returns their ids */
async function placeSamples(url: string): Promise<string[]> {
  const [customer, barista] = await Promise.all(
    ['customer@example.com', 'barista@example.com'].map((user) => signIn(url, user)),
  );
  // biome-ignore lint/suspicious/noExplicitAny: answers have many shapes
  const send = async (path: string, as?: string, body?: unknown): Promise<any> => {
    const headers = {
      'content-type': 'application/json',
      'idempotency-key': randomUUID(),
      ...(as && { authorization: `Bearer ${as}` }),
    };
    const response = await fetch(url + path, {
      method: body ? 'POST' : 'GET',
      headers,
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(20_000),
    });
    if (!response.ok) throw new Error(`${path} was answered with ${response.status}: ${await response.text()}`);
    return response.json();
  };
  const { data: menu } = await send('/v1/catalog');
  const ids: string[] = [];
  for (const [customerName, lines, status] of samples) {
    const order = { ...(customerName && { customerName }), lines: lines.map((line) => requestOf(menu, line)) };
    const { id } = await send('/v1/orders', customerName ? barista : customer, order);
    for (const next of ways[status] ?? []) await send(`/v1/orders/${id}/status`, barista, { status: next });
    ids.push(id);
  }
  return ids;
}

// biome-ignore lint/suspicious/noExplicitAny: the menu as JSON
function requestOf(menu: any[], [quantity, name, variation, options = [], note]: SampleLine) {
  const product = menu.find((item) => item.name === name);
  const choices = product.optionGroups.flatMap((group: { options: { id: string; name: string }[] }) => group.options);
  return {
    productId: product.id,
    quantity,
    ...(variation && { variationId: product.variations.find((each: { name: string }) => each.name === variation).id }),
    ...(options.length > 0 && {
      options: options.map((option) => ({
        optionId: choices.find((each: { name: string }) => each.name === option).id,
      })),
    }),
    ...(note && { note }),
  };
}
