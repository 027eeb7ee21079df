import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { languages } from '../../languages/index.ts';
import { CUSTOMER } from '../auth/auth-api.ts';
import { openChromium } from '../chromium.ts';
import { openPagesShop, type PagesShop, SHOP_NAME, states } from './every-page.ts';

/** In ms. The browser, an API and Postgres share the machine with other tests. */
const TIMEOUT_MS = 300_000;

/** The result of page-faults.js. */
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

const looks = [
  ...(['light', 'dark'] as const).flatMap((colorScheme) =>
    [320, 1280].map((width) => ({ media: 'screen', colorScheme, width }) as const),
  ),
  { media: 'print', colorScheme: 'dark', width: 700 } as const,
];

let browser: Browser;
let all: PagesShop;
const seen: Seen[] = [];

// The first run may have to download a browser.
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
  // Browsers move the focus after drawing the page. If they do not, page-faults.js reports it.
  const focused = page.locator('[autofocus]');
  if ((await focused.count()) > 0)
    await focused
      .and(page.locator(':focus'))
      .waitFor({ timeout: 5_000 })
      .catch(() => {});
  const found: Found[] = [];
  for (const { media, colorScheme, width } of looks) {
    await page.emulateMedia({ media, colorScheme });
    await page.setViewportSize({ width, height: 800 });
    if (process.env.SHOTS) {
      const name = `${language}-${state.replaceAll(/[ ,]+/g, '-')}-${media}-${colorScheme}-${width}.png`;
      await page.screenshot({ path: join(process.env.SHOTS, name) });
    }
    found.push(await page.evaluate<Found>(pageFaults));
  }
  await context.close();
  return { ...found[0]!, faults: [...new Set(found.flatMap(({ faults }) => faults))], state, language, headers };
}

const inLanguage = (language: string) => seen.filter((page) => page.language === language);

test(
  'pages are legible and accessible in light and dark colours, wide and narrow',
  () => {
    const faults = seen.flatMap(({ state, language, faults }) =>
      faults.map((fault) => `${language} ${state}: ${fault}`),
    );
    expect(faults).toEqual([]);
    expect(seen).toHaveLength(languages.size * Object.keys(states).length);
  },
  TIMEOUT_MS,
);

test.each([...languages])('pages are in the browser’s language %s, and declare it', (code, { locale }) => {
  for (const { state, lang, headers } of inLanguage(code)) {
    expect({ state, lang, declared: headers['content-language'] }).toEqual({ state, lang: locale, declared: locale });
    expect(headers.vary?.toLowerCase()).toContain('accept-language');
  }
});

test.each([...languages.keys()].filter((code) => code !== 'en'))('pages in %s contain no English text', (code) => {
  const english = new Map(inLanguage('en').map(({ state, texts, title }) => [state, [...texts, title]]));
  const left = inLanguage(code).flatMap(({ state, texts, title }) =>
    [...texts, title].filter((text) => english.get(state)?.includes(text)).map((text) => `${state}: ${text}`),
  );
  expect(left).toEqual([]);
  for (const { texts } of inLanguage(code)) expect(texts.length).toBeGreaterThan(1);
});

test('every page has a link or a form, and every link works', async () => {
  const addresses = new Set<string>();
  for (const { state, links, forms } of seen) {
    expect({ state, hasExit: links.length + forms > 0 }).toEqual({ state, hasExit: true });
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

test('pages with Retry-After state the time to wait', () => {
  const waiting = seen.filter(({ headers }) => Number(headers['retry-after']) > 60);
  for (const { state, texts, headers } of waiting) {
    const minutes = new RegExp(`\\b${Math.ceil(Number(headers['retry-after']) / 60)} minut`);
    expect({ state, texts: texts.join(' ') }).toEqual({ state, texts: expect.stringMatching(minutes) });
  }
  expect(waiting).toHaveLength(5 * languages.size);
});

test('a rejected password states the minimum length only once', () => {
  const refused = seen.filter(({ state }) => state === 'registration, the password missing');
  expect(refused.map(({ texts }) => texts.join(' ').match(/15/g))).toEqual(refused.map(() => ['15']));
});

test('an unreadable form links back to its page', () => {
  for (const language of languages.keys()) {
    const linksOf = (wanted: string) => inLanguage(language).find(({ state }) => state === wanted)?.links;
    expect(linksOf('form of another kind')).toContain('/account/forgot');
    expect(linksOf('form too large')).toContain('/account/register');
  }
});

test('titles name the shop, and begin with “Error” for rejected forms', () => {
  const titles = inLanguage('en').map(({ title }) => title);
  for (const title of titles) expect(title.endsWith(` · ${SHOP_NAME}`)).toBe(true);
  const refused = inLanguage('en').filter(({ state }) => / wrong| missing| too (long|easy)|nothing typed/.test(state));
  for (const { state, title } of refused)
    expect({ state, title }).toEqual({ state, title: expect.stringMatching(/^Error: /) });
  expect(refused.length).toBeGreaterThan(5);
});

test(
  'a link from an email opens a page in the language of its user',
  async () => {
    const users = all.shop.database('users').whereIn('id', [CUSTOMER, all.person]);
    const signingOut = [states['sign-out']!, states['signed out']!];
    await users.clone().update({ language: 'pt' });
    try {
      for (const open of [states.reset!, states['new address']!, states['choice of emails']!, ...signingOut]) {
        expect((await see('of a person', 'en', open)).lang).toBe('pt-BR');
      }
    } finally {
      await users.update({ language: null });
    }
  },
  TIMEOUT_MS,
);

test('pages are in English for browsers with no language of the shop', async () => {
  const headers = { 'accept-language': 'ja, de;q=0.5' };
  const answer = await fetch(`${all.shop.url}/account/register`, { headers });
  expect(answer.headers.get('content-language')).toBe('en-US');
  const program = await fetch(`${all.shop.url}/account/nothing`);
  expect([program.status, program.headers.get('content-type')]).toEqual([404, 'application/problem+json']);
});

test('the gallery of emails is legible and accessible', async () => {
  const found = await see('emails', 'en', async (page) => void (await page.goto(`${all.shop.url}/dev/emails`)));
  expect(found.faults).toEqual([]);
}, 60_000);
