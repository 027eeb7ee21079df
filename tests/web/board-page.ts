import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import type { Shop } from '../shop.ts';
import { fillInSignIn, openPage } from './page-checks.ts';

/** A tablet behind the counter. */
export const TABLET = { viewport: { width: 1280, height: 844 } };

/** Opens the board, and signs in. Returns when the open orders are shown. */
export async function openBoard(
  browser: Browser,
  { url }: Pick<Shop, 'url'>,
  { path = '/board', ...options }: BrowserContextOptions & { language?: 'en' | 'pt'; path?: string } = {},
): Promise<Page> {
  const page = await openPage(browser, { ...TABLET, ...options });
  await page.goto(url + path);
  await page.locator('main button').click();
  await fillInSignIn(page, 'barista@example.com');
  await page.locator('.columns').waitFor();
  return page;
}

/** Returns the card of an order. */
export const cardOf = (page: Page, number: number): Locator =>
  page.locator('.card').filter({ hasText: new RegExp(`#${number}(?!\\d)`) });

/** Returns the card of an order in a column. */
export const cardIn = (page: Page, column: string, number: number): Locator =>
  page.getByRole('region', { name: new RegExp(`^${column}`) }).locator(cardOf(page, number));

/** Touches a button of a card: `step(page, 'Start', 42)`. */
export const step = (page: Page, name: string, number: number): Promise<void> =>
  page.getByRole('button', { name: `${name}: #${number}`, exact: true }).click();
