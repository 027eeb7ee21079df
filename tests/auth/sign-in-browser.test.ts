import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { openChromium } from '../chromium.ts';
import { type AuthApi, openAuthApi } from './auth-api.ts';
import { openDatabase, type TestDatabase } from './database.ts';
import { openApplication } from './user-agent.ts';

/** Generous, as other tests run on the same machine, in ms. */
const TIMEOUT_MS = 90_000;

let browser: Browser;
let shop: TestDatabase;
let api: AuthApi;
/** A browser app. It receives the code at one origin and redirects to another one. */
let app: Server;
let landing: Server;
let redirectUri: string;
let home: string;

/** @returns its origin */
async function listen(server: Server): Promise<string> {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

// The first run may download a browser.
beforeAll(async () => {
  landing = createServer((_request, response) => response.end('Back in the app'));
  home = await listen(landing);
  app = createServer(({ url }, response) => response.writeHead(302, { location: home + url }).end());
  redirectUri = `${await listen(app)}/back`;
  [browser, shop] = await Promise.all([openChromium(), openDatabase()]);
  api = await openAuthApi(shop.database, { redirectUris: [redirectUri] });
}, 700_000);
afterAll(async () => {
  await browser?.close();
  await api?.close();
  await shop?.close();
  app.close();
  landing.close();
});

/** Opens the sign-in page, and collects console messages and requests to other sites. */
async function openSignIn(options: BrowserContextOptions = {}): Promise<{ page: Page; faults: string[] }> {
  const page = await (await browser.newContext(options)).newPage();
  const faults: string[] = [];
  page.on('console', (message) => faults.push(message.text()));
  page.on('request', (request) => {
    const ours = [api.url, new URL(redirectUri).origin, home, 'data:'].some((start) => request.url().startsWith(start));
    if (!ours) faults.push(request.url());
  });
  await page.goto(api.url + openApplication(api.url, redirectUri).authorize());
  return { page, faults };
}

/** Types into the field that has the focus. The browser moves the focus after drawing the page, and loses earlier key presses. */
async function typeInto(page: Page, field: 'email' | 'password', text: string): Promise<void> {
  await page.locator(`#${field}:focus`).waitFor();
  await page.keyboard.type(text);
}

test(
  'signs a user in with the keyboard alone, without scripts',
  async () => {
    const { page, faults } = await openSignIn({ javaScriptEnabled: false });
    await typeInto(page, 'email', 'customer@example.com');
    await page.keyboard.press('Tab');
    await typeInto(page, 'password', 'wrong');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('The email address or the password is wrong.').waitFor();
    expect(await page.title()).toBe('Error: Sign in · Crema');

    await typeInto(page, 'password', 'test');
    await page.keyboard.press('Enter');
    await page.getByText('Back in the app').waitFor();
    expect(page.url()).toMatch(`${home}/back?code=`);
    expect(faults).toEqual(['Failed to load resource: the server responded with a status of 400 (Bad Request)']);
    await page.context().close();
  },
  TIMEOUT_MS,
);

test(
  'signs a user out and returns to the app',
  async () => {
    const { page, faults } = await openSignIn();
    await page.getByLabel('Email address').fill('customer@example.com');
    await page.getByLabel('Password').fill('test');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Back in the app').waitFor();

    const query = new URLSearchParams({ client_id: 'crema', post_logout_redirect_uri: redirectUri });
    await page.goto(`${api.url}/oauth/logout?${query}`);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('Back in the app').waitFor();
    await page.goto(api.url + openApplication(api.url, redirectUri).authorize());
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    // The session has ended, so the page asks no question.
    await page.goto(`${api.url}/oauth/logout?${query}`);
    await page.getByText('Back in the app').waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  },
  TIMEOUT_MS,
);

test(
  'returns to the app when a user cancels, with and without scripts',
  async () => {
    for (const javaScriptEnabled of [true, false]) {
      const { page, faults } = await openSignIn({ javaScriptEnabled });
      await page.getByRole('button', { name: 'Cancel' }).click();
      await page.getByText('Back in the app').waitFor();
      expect(page.url()).toMatch(`${home}/back?error=access_denied`);
      expect(faults).toEqual([]);
      await page.context().close();
    }
  },
  TIMEOUT_MS,
);

test.each([true, false])(
  'returns to the app when another user signs in (scripts: %p)',
  async (javaScriptEnabled) => {
    const { page, faults } = await openSignIn({ javaScriptEnabled });
    const signIn = async (email: string) => {
      await page.getByLabel('Email address').fill(email);
      await page.getByLabel('Password').fill('test');
      await page.getByRole('button', { name: 'Sign in' }).click();
    };
    await signIn('customer@example.com');
    await page.getByText('Back in the app').waitFor();
    await page.goto(api.url + openApplication(api.url, redirectUri).authorize({ prompt: 'login' }));
    await signIn('manager@example.com');
    if (!javaScriptEnabled) await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('Back in the app').waitFor();
    expect(page.url()).toMatch(`${home}/back?code=`);
    expect(faults).toEqual([]);
    await page.context().close();
  },
  TIMEOUT_MS,
);
