import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { languages } from '../../languages/index.ts';
import { emails as samples } from '../../mail/samples.ts';
import { openChromium } from '../chromium.ts';

const TIMEOUT_MS = 300_000;

let browser: Browser;
beforeAll(async () => {
  browser = await openChromium();
}, TIMEOUT_MS);
afterAll(() => browser?.close());

const emailsOf = (shopName: string) =>
  [...languages.keys()].flatMap((language) =>
    samples.map(({ name, render }) => ({
      name,
      language,
      ...render({ language, shopName, timeZone: 'UTC', currency: 'USD' }),
    })),
  );
const emails = emailsOf('Crema');

/** Replaces names by the longest possible ones, without a space to break them at. */
const lengthen = (html: string) => html.replaceAll(/Pumpkin Spice|Latte|Lemon|Sugar|Ana Souza|Marco/g, 'W'.repeat(100));

/** Lists the faults of the open email. Runs in the browser. */
const findFaults = ['../docs/contrast.js', 'complaints.js']
  .map((path) => readFileSync(join(import.meta.dirname, path), 'utf8'))
  .join('');

test.each([
  ['light', 390],
  ['dark', 390],
  ['light', 800],
  ['dark', 800],
] as const)(
  'emails in %s colours, %i pixels wide, are legible and accessible',
  async (colorScheme, width) => {
    const page = await browser.newPage({ colorScheme, viewport: { width, height: 800 } });
    for (const { name, language, html } of emails) {
      await page.setContent(html);
      const found = await page.evaluate<{ words: number; number: number; faults: string[] }>(findFaults);
      expect({ name, language, faults: found.faults }).toEqual({ name, language, faults: [] });
      expect(found.words).toBeGreaterThan(5);
      if (/^(customer|shop)-/.test(name)) expect(found.number).toBeGreaterThanOrEqual(72);
    }
    await page.close();
  },
  TIMEOUT_MS,
);

test(
  'emails with long names fit into a narrow window',
  async () => {
    const page = await browser.newPage({ viewport: { width: 320, height: 800 } });
    for (const { name, language, html } of emailsOf('W'.repeat(60))) {
      await page.setContent(lengthen(html));
      const { faults } = await page.evaluate<{ faults: string[] }>(findFaults);
      expect({ name, language, faults }).toEqual({ name, language, faults: [] });
    }
    await page.close();
  },
  TIMEOUT_MS,
);
