import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { languages } from '../../mail/languages/index.ts';
import { CUSTOMER } from '../auth/front-door.ts';
import { openChromium } from '../docs/chromium.ts';
import { openPagesShop, type PagesShop, SHOP_NAME, states } from './every-page.ts';

/** A browser, an API and Postgres share this machine with other tests, in ms. */
const PATIENCE = 300_000;

/** What page-faults.js finds. */
interface Found {
  title: string;
  lang: string;
  texts: string[];
  links: string[];
  forms: number;
  faults: string[];
}

/** A page in one state and one language. */
interface Seen extends Found {
  state: string;
  language: string;
  headers: Record<string, string>;
}

const pageFaults = ['../docs/contrast.js', 'page-faults.js']
  .map((path) => readFileSync(join(import.meta.dirname, path), 'utf8'))
  .join('');

const looks = (['light', 'dark'] as const).flatMap((colorScheme) =>
  [360, 1280].map((width) => ({ colorScheme, width })),
);

let browser: Browser;
let all: PagesShop;
const seen: Seen[] = [];

// The first time, a browser may have to be fetched.
beforeAll(async () => {
  [browser, all] = await Promise.all([openChromium(), openPagesShop()]);
  for (const [state, open] of Object.entries(states)) {
    for (const language of languages.keys()) seen.push(await see(state, language, open));
  }
}, 700_000);
afterAll(async () => {
  await browser?.close();
  await all?.close();
});

async function see(state: string, language: string, open: (typeof states)[string]): Promise<Seen> {
  const context = await browser.newContext({ locale: language });
  const page = await context.newPage();
  let headers: Record<string, string> = {};
  page.on('response', (response) => {
    if (response.request().isNavigationRequest()) headers = response.headers();
  });
  await open(page, all);
  const found: Found[] = [];
  for (const { colorScheme, width } of looks) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 800 });
    if (process.env.SHOTS) {
      const name = `${language}-${state.replaceAll(/[ ,]+/g, '-')}-${colorScheme}-${width}.png`;
      await page.screenshot({ path: join(process.env.SHOTS, name) });
    }
    found.push(await page.evaluate<Found>(pageFaults));
  }
  await context.close();
  return { ...found[0]!, faults: [...new Set(found.flatMap(({ faults }) => faults))], state, language, headers };
}

const inLanguage = (language: string) => seen.filter((page) => page.language === language);

test(
  'When a page is shown, dark or light, wide or narrow, then all of it can be read and used',
  () => {
    const faults = seen.flatMap(({ state, language, faults }) =>
      faults.map((fault) => `${language} ${state}: ${fault}`),
    );
    expect(faults).toEqual([]);
    expect(seen).toHaveLength(languages.size * Object.keys(states).length);
  },
  PATIENCE,
);

test.each([...languages])('When a browser prefers %s, then every page is in it, and says so', (code, { locale }) => {
  for (const { state, lang, headers } of inLanguage(code)) {
    expect({ state, lang, said: headers['content-language'] }).toEqual({ state, lang: locale, said: locale });
    expect(headers.vary?.toLowerCase()).toContain('accept-language');
  }
});

test.each([...languages.keys()].filter((code) => code !== 'en'))(
  'When a page is in %s, then no sentence of it is still in English',
  (code) => {
    const english = new Map(inLanguage('en').map(({ state, texts, title }) => [state, [...texts, title]]));
    const left = inLanguage(code).flatMap(({ state, texts, title }) =>
      [...texts, title].filter((text) => english.get(state)?.includes(text)).map((text) => `${state}: ${text}`),
    );
    expect(left).toEqual([]);
    for (const { texts } of inLanguage(code)) expect(texts.length).toBeGreaterThan(1);
  },
);

test('When a page is shown, then it has a link or a form, and every link works', async () => {
  const addresses = new Set<string>();
  for (const { state, links, forms } of seen) {
    expect({ state, leadsOn: links.length + forms > 0 }).toEqual({ state, leadsOn: true });
    for (const link of links.filter((each) => !each.startsWith('#'))) addresses.add(link);
  }
  const elsewhere = [...addresses].filter((address) => !address.startsWith('/'));
  expect(elsewhere).toEqual(['https://app.example', 'https://temporal.example'].filter((site) => addresses.has(site)));
  for (const address of addresses) {
    if (elsewhere.includes(address)) continue;
    const { status } = await fetch(all.shop.url + address, { headers: { accept: 'text/html' } });
    expect({ address, found: status < 400 }).toEqual({ address, found: true });
  }
});

test('When a form was refused, then the title says so, and every title names the shop', () => {
  const titles = inLanguage('en').map(({ title }) => title);
  for (const title of titles) expect(title.endsWith(` · ${SHOP_NAME}`)).toBe(true);
  const refused = inLanguage('en').filter(({ state }) => / wrong| missing| too (long|easy)|nothing typed/.test(state));
  for (const { state, title } of refused)
    expect({ state, title }).toEqual({ state, title: expect.stringMatching(/^Error: /) });
  expect(refused.length).toBeGreaterThan(5);
});

test('When a mailed link is opened, then the page is in the language of the person', async () => {
  const users = all.shop.database('users').where({ id: CUSTOMER });
  await users.clone().update({ language: 'pt' });
  try {
    for (const open of [states.reset!, states['new address']!, states['choice of emails']!, states['sign-out']!]) {
      expect((await see('of a person', 'en', open)).lang).toBe('pt-BR');
    }
  } finally {
    await users.update({ language: null });
  }
});

test('When a browser has none of the languages of the shop, then the page is in English', async () => {
  const headers = { 'accept-language': 'ja, de;q=0.5' };
  const answer = await fetch(`${all.shop.url}/account/register`, { headers });
  expect(answer.headers.get('content-language')).toBe('en-US');
  const program = await fetch(`${all.shop.url}/account/nothing`);
  expect([program.status, program.headers.get('content-type')]).toEqual([404, 'application/problem+json']);
});

test('When a developer opens the gallery of emails, then all of it can be read', async () => {
  const found = await see('emails', 'en', async (page) => void (await page.goto(`${all.shop.url}/dev/emails`)));
  expect(found.faults).toEqual([]);
}, 60_000);
