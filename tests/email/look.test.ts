import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { languages } from '../../languages/index.ts';
import { emails as samples } from '../../mail/samples.ts';
import { openChromium } from '../docs/chromium.ts';

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

/** A mail whose names are as long as they may be, without a blank to break them at. */
const lengthen = (html: string) => html.replaceAll(/Pumpkin Spice|Latte|Ana Souza|Marco/g, 'W'.repeat(100));

/** What a strict reader would complain of in the mail that is open. Runs in the browser. */
const complaints = ['../docs/contrast.js', 'complaints.js']
  .map((path) => readFileSync(join(import.meta.dirname, path), 'utf8'))
  .join('');

test.each([
  ['light', 390],
  ['dark', 390],
  ['light', 800],
  ['dark', 800],
] as const)(
  'When emails are read in %s, %i pixels wide, then all of each can be seen, told apart and read aloud',
  async (colorScheme, width) => {
    const page = await browser.newPage({ colorScheme, viewport: { width, height: 800 } });
    for (const { name, language, html } of emails) {
      await page.setContent(html);
      const found = await page.evaluate<{ words: number; number: number; faults: string[] }>(complaints);
      expect({ name, language, faults: found.faults }).toEqual({ name, language, faults: [] });
      expect(found.words).toBeGreaterThan(5);
      if (/^(customer|shop)-/.test(name)) expect(found.number).toBeGreaterThanOrEqual(72);
    }
    await page.close();
  },
  TIMEOUT_MS,
);

test(
  'When names in a mail are long, then it is no wider than a narrow window',
  async () => {
    const page = await browser.newPage({ viewport: { width: 320, height: 800 } });
    for (const { name, language, html } of emailsOf('W'.repeat(60))) {
      await page.setContent(lengthen(html));
      const { faults } = await page.evaluate<{ faults: string[] }>(complaints);
      expect({ name, language, faults }).toEqual({ name, language, faults: [] });
    }
    await page.close();
  },
  TIMEOUT_MS,
);
