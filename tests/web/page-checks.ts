import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

/** The timeout of a test of a page, in ms. The browser, an API and a worker share the machine with other tests. */
export const PAGE_TIMEOUT_MS = 120_000;

/** The timeout of a `beforeAll` that opens Chromium, in ms. The first run may have to download it. */
export const OPENING_TIMEOUT_MS = 700_000;

export const languages = ['en', 'pt'] as const;
type Language = (typeof languages)[number];

/** The BCP 47 tags of browsers in these languages. */
const locales: Record<Language, string> = { en: 'en-US', pt: 'pt-BR' };

const looks = (['light', 'dark'] as const).flatMap((colorScheme) =>
  [390, 1280].map((width) => ({ colorScheme, width })),
);

const pageFaults = ['../docs/contrast.js', '../pages/page-faults.js']
  .map((path) => readFileSync(join(import.meta.dirname, path), 'utf8'))
  .join('');

/** Opens a page in a browser context of its own, as a phone without animations. */
export async function openPage(
  browser: Browser,
  { language = 'en', ...options }: BrowserContextOptions & { language?: Language } = {},
): Promise<Page> {
  const context = await browser.newContext({
    locale: locales[language],
    viewport: { width: 390, height: 844 },
    reducedMotion: 'reduce',
    ...options,
  });
  // A stalled machine may need longer than the default of 30 s.
  context.setDefaultTimeout(PAGE_TIMEOUT_MS / 2);
  return context.newPage();
}

/** Signs in on the sign-in page, to which the page under test has led. Returns when the page is back. */
export async function fillInSignIn(page: Page, email: string, password = 'test'): Promise<void> {
  await page.locator('[name=email]').fill(email);
  await page.locator('[name=password]').fill(password);
  await page.locator('[name=password]').press('Enter');
  await page.waitForURL((url) => !url.pathname.startsWith('/oauth/') && !url.searchParams.has('state'));
}

/** Returns the violations that axe-core finds on the open page, and the faults that page-faults.js finds. */
async function faultsOf(page: Page): Promise<string[]> {
  const isLoaded = await page.evaluate("'axe' in window");
  if (!isLoaded) await page.evaluate(axe.source);
  const violations = await page.evaluate<string[]>(`axe.run(document, { resultTypes: ['violations'] }).then(
    ({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ': ' + html.slice(0, 160))))`);
  const { faults } = await page.evaluate<{ faults: string[] }>(pageFaults);
  return [...violations, ...faults];
}

/** Returns the faults of the open page in light and dark colours, at 390 and 1280 px. Saves screenshots in the folder SHOTS. */
export async function faultsInEveryLook(page: Page, name: string): Promise<string[]> {
  const found: string[] = [];
  for (const { colorScheme, width } of looks) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.setViewportSize({ width, height: 844 });
    const look = `${name}-${colorScheme}-${width}`;
    if (process.env.SHOTS) await page.screenshot({ path: join(process.env.SHOTS, `${look}.png`), fullPage: true });
    found.push(...(await faultsOf(page)).map((fault) => `${look}: ${fault}`));
  }
  return found;
}
