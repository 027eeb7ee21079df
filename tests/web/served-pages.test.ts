import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import Koa from 'koa';
import { answerProblems } from '../../api/http/middleware/problems.ts';
import { type RequestState, requestLog } from '../../api/http/middleware/request-log.ts';
import { secureAnswers } from '../../api/http/middleware/security-headers.ts';
import { createPages } from '../../api/http/pages/page.ts';
import { webPages } from '../../api/web/web-pages.ts';
import { createLogger } from '../../config/logger.ts';

const shopName = '<b>Café</b></script>{} & $&';
const settings = {
  shopName,
  language: 'pt',
  currency: 'KWD',
  delayedAfter: 600,
  uncollectedAfter: 900,
  heartbeat: 15,
};

let url: string;
const app = new Koa<RequestState>();
app.use(requestLog(createLogger('test', 'silent')));
app.use(secureAnswers(false));
app.use(answerProblems(createPages({ name: shopName, language: 'en', app: '/' })));
app.use(webPages(settings));
const server = createServer(app.callback());
beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
});

const ask = (path: string, init: RequestInit = {}) => fetch(url + path, { redirect: 'manual', ...init });
const paths = ['/', '/board', '/display', '/orders/3e1b6f0c-9b43-4a0e-8f5e-6a1c2f4d7b90/follow'];

/** Returns the files that a page loads. */
async function assetsOf(path: string): Promise<string[]> {
  const html = await (await ask(path)).text();
  return [...html.matchAll(/<(?:script|link)[^>]*?(?:src|href)="([^"]+)"/g)].map(([, file]) => file!);
}

test.each(paths)('%s is revalidated each time', async (path) => {
  const { status, headers } = await ask(path);
  expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  expect(headers.get('cache-control')).toBe('no-cache');
  const again = await ask(path, { headers: { 'if-none-match': headers.get('etag')! } });
  expect([again.status, await again.text()]).toEqual([304, '']);
});

test.each(paths)('%s may load and run only files of the API', async (path) => {
  const answer = await ask(path);
  const policy = answer.headers.get('content-security-policy')!;
  expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
  expect(policy).toContain("connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  expect(policy).not.toMatch(/unsafe|\*|http:/);
  expect(policy.includes('https:')).toBe(path === '/');

  const html = await answer.text();
  expect(html).not.toMatch(/<script(?![^>]*(src=|type="application\/json"))|<style|\sstyle=|\son\w+=|https?:\/\//);
  for (const file of await assetsOf(path)) expect(file).toMatch(/^\/web\/[\w-]+\.(js|css|svg)$/);
});

test.each(paths)('the files of %s are immutable, and compressed in advance', async (path) => {
  const types: Record<string, string> = { js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' };
  const files = await assetsOf(path);
  expect(files.length).toBeGreaterThan(2);
  for (const file of files) {
    const plain = await ask(file, { headers: { 'accept-encoding': 'identity' } });
    const compressed = await ask(file, { headers: { 'accept-encoding': 'gzip' } });
    expect(plain.headers.get('content-type')).toContain(types[file.split('.').at(-1)!]);
    expect(plain.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect([plain.headers.get('content-encoding'), compressed.headers.get('content-encoding')]).toEqual([null, 'gzip']);
    expect(await compressed.text()).toBe(await plain.text());
  }
});

test.each(paths)('%s contains the settings of the shop, whatever its name', async (path) => {
  const html = await (await ask(path)).text();
  const [, json] = /<script type="application\/json" id="settings">(.*?)<\/script>/s.exec(html)!;
  expect(JSON.parse(json!)).toEqual({ ...settings, minorDigits: 3 });
  expect(html).toContain('<title>&lt;b&gt;Café&lt;/b&gt;&lt;/script&gt;{} &amp; $&amp;</title>');
});

test.each([
  ['/board/', '/board'],
  ['/display/', '/display'],
])('%s redirects to %s', async (path, target) => {
  const { status, headers } = await ask(path);
  expect([status, headers.get('location')]).toEqual([302, target]);
});

test.each(['/web/nothing.js', '/web/../board.html', '/storefront.html', '/orders/1', '/orders/1/follow/2', '/web/'])(
  '%s is not served',
  async (path) => {
    expect((await ask(path)).status).toBe(404);
  },
);

test('other methods are rejected with the allowed methods', async () => {
  const answer = await ask('/board', { method: 'POST' });
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});

test('the colours are those of the sign-in pages', () => {
  /** Returns the custom properties of a style sheet, first in light, then in dark colours: `--milk: #fbf6ef`. */
  const coloursIn = (path: string) =>
    readFileSync(join(import.meta.dirname, '../..', path), 'utf8').match(/--[\w-]+: #\w+/g);
  const palette = coloursIn('web/styles/palette.css');
  const signIn = coloursIn('api/http/pages/crema.css')!;
  expect(signIn.length).toBeGreaterThan(20);
  expect(palette!.filter((colour) => signIn.includes(colour))).toEqual(signIn);
});
