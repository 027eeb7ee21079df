import type { Browser, Locator, Page } from 'playwright-core';
import type { Shop } from '../shop.ts';
import { fillInSignIn, openPage } from './page-checks.ts';

/** Opens the display as a screen, signed in as a barista. */
export async function openDisplay(browser: Browser, shop: Shop): Promise<Page> {
  const page = await openPage(browser, { viewport: { width: 1280, height: 720 } });
  await page.goto(`${shop.url}/display`);
  await page.getByRole('button', { name: 'Sign in as a barista' }).click();
  await fillInSignIn(page, 'barista@example.com');
  await page.getByRole('heading', { name: 'Ready' }).waitFor();
  return page;
}

/** Returns a column of the display. */
export const section = (page: Page, name: string): Locator =>
  page.locator('section', { has: page.getByRole('heading', { name }) });
