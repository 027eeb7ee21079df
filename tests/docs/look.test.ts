import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { openChromium } from '../chromium.ts';
import { openDocs } from './docs-server.ts';

/** Long, as the browser shares the machine with other tests, in ms. */
const TIMEOUT_MS = 120_000;

const pageFaults = ['contrast.js', '../pages/page-faults.js']
  .map((path) => readFileSync(join(import.meta.dirname, path), 'utf8'))
  .join('');

let browser: Browser;
let server: Awaited<ReturnType<typeof openDocs>>;
// May download a browser the first time.
beforeAll(async () => {
  [browser, server] = await Promise.all([openChromium(), openDocs(true, 'W'.repeat(60))]);
}, 700_000);
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

/** Returns whether Swagger UI has the expected colours. Runs in the browser. */
const inItsColours =
  "(dark) => !document.querySelector('.swagger-ui') || document.documentElement.classList.contains('dark-mode') === dark";

/** Returns the faults of the open page in every colour scheme and width. */
async function faultsOf(page: Page): Promise<string[]> {
  const found = new Set<string>();
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [320, 1280]) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.setViewportSize({ width, height: 900 });
      // The script of /docs applies the colour scheme with a delay.
      await page.waitForFunction(`(${inItsColours})(${colorScheme === 'dark'})`);
      const { faults } = await page.evaluate<{ faults: string[] }>(pageFaults);
      for (const fault of faults) found.add(`${colorScheme} ${width}: ${fault}`);
    }
  }
  return [...found];
}

test.each(['/docs/problems', '/docs/oauth2-redirect'])(
  '%s is readable and usable, dark or light, wide or narrow',
  async (path) => {
    const page = await browser.newPage();
    await page.goto(server.url + path);
    expect(await faultsOf(page)).toEqual([]);
    await page.close();
  },
  TIMEOUT_MS,
);

test(
  '/docs with operations and the sign-in is readable, dark or light',
  async () => {
    const page = await browser.newPage();
    await page.goto(`${server.url}/docs`);
    await page.locator('.opblock').first().waitFor();
    const methods = ['get', 'post', 'patch', 'put', 'delete'].map((method) => `.opblock-${method}`);
    for (const method of methods) {
      const block = page.locator(method).first();
      if ((await block.count()) > 0) await block.locator('.opblock-summary-control').click();
    }
    await page.locator('.responses-table').nth(3).waitFor();
    // The layout, labels and landmarks of Swagger UI cannot be changed.
    const ours = (fault: string) => /hard to|raw Markdown|no name|no label|px wide/.test(fault);
    expect((await faultsOf(page)).filter(ours)).toEqual([]);

    const placing = page.locator('#operations-Orders-placeOrder');
    if (!(await placing.locator('.btn.execute').isVisible())) await placing.locator('.opblock-summary-control').click();
    await placing.locator('.btn.execute').click();
    await placing.locator('.live-responses-table').waitFor();
    expect((await faultsOf(page)).filter(ours)).toEqual([]);

    await page.locator('.models .models-control').click();
    for (const index of [0, 3]) await page.locator('.json-schema-2020-12-expand-deep-button').nth(index).click();
    await page.locator('.json-schema-2020-12__constraint').first().waitFor();
    expect((await faultsOf(page)).filter(ours)).toEqual([]);

    await page.locator('.auth-wrapper .authorize').first().click();
    await page.locator('.modal-ux').waitFor();
    expect((await faultsOf(page)).filter(ours)).toEqual([]);
    await page.close();
  },
  TIMEOUT_MS,
);
