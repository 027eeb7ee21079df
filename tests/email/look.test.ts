import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { languages } from '../../mail/languages/index.ts';
import { mails as samples } from '../../mail/samples.ts';
import { openChromium } from '../docs/chromium.ts';

const PATIENCE = 300_000;

let browser: Browser;
beforeAll(async () => {
  browser = await openChromium();
}, PATIENCE);
afterAll(() => browser?.close());

const mails = [...languages.keys()].flatMap((language) =>
  samples.map(({ name, write }) => ({
    name,
    language,
    ...write({ language, shopName: 'Crema', timeZone: 'UTC', currency: 'USD' }),
  })),
);

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
  'When mails are read in %s, %i pixels wide, then all of each can be seen, told apart and read aloud',
  async (colorScheme, width) => {
    const page = await browser.newPage({ colorScheme, viewport: { width, height: 800 } });
    for (const { name, language, html } of mails) {
      await page.setContent(html);
      const found = await page.evaluate<{ words: number; number: number; faults: string[] }>(complaints);
      expect({ name, language, faults: found.faults }).toEqual({ name, language, faults: [] });
      expect(found.words).toBeGreaterThan(5);
      if (/^(customer|shop)-/.test(name)) expect(found.number).toBeGreaterThanOrEqual(72);
    }
    await page.close();
  },
  PATIENCE,
);
