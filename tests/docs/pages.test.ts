import { parse } from 'yaml';
import { problems } from '../../api/http/problem.ts';
import { openDocs } from './docs-server.ts';

let server: Awaited<ReturnType<typeof openDocs>>;
beforeAll(async () => {
  server = await openDocs(true);
});
afterAll(() => server.close());

const ask = (path: string, init: RequestInit = {}) => fetch(server.url + path, { redirect: 'manual', ...init });

/** Returns the files that a page loads. */
async function assetsOf(path: string): Promise<string[]> {
  const html = await (await ask(path)).text();
  return [...html.matchAll(/<(?:script|link|img)[^>]*?(?:src|href)="([^"]+)"/g)].map(([, file]) => file!);
}

test.each([
  ['/docs', 'text/html; charset=utf-8'],
  ['/docs/problems', 'text/html; charset=utf-8'],
  ['/openapi.json', 'application/json; charset=utf-8'],
  ['/openapi.yaml', 'application/yaml'],
  ['/asyncapi.json', 'application/json; charset=utf-8'],
  ['/asyncapi.yaml', 'application/yaml'],
])('%s is served as %s and revalidated each time', async (path, type) => {
  const { status, headers } = await ask(path);
  expect([status, headers.get('content-type'), headers.get('cache-control')]).toEqual([200, type, 'no-cache']);
});

test.each(['/docs', '/docs/problems'])('%s may load and run only files of the API', async (path) => {
  const answer = await ask(path);
  const policy = answer.headers.get('content-security-policy')!;
  expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
  expect(policy).not.toContain('unsafe');
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');

  const html = await answer.text();
  expect(html).not.toMatch(/<script(?![^>]*src=)|<style|\sstyle=|\son\w+=|https?:\/\//);
  for (const file of await assetsOf(path)) expect(file).toMatch(/^\/docs\/assets\//);
});

test('the files of the page have their types and are immutable', async () => {
  const files = await assetsOf('/docs');
  expect(files.map((file) => file.split('/').at(-1)).sort()).toEqual(
    ['crema.css', 'cup.svg', 'cup.svg', 'start.js', 'swagger-ui-bundle.js', 'swagger-ui.css'].sort(),
  );
  const types: Record<string, string> = { js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' };
  for (const file of files) {
    const { status, headers } = await ask(file);
    expect([file, status]).toEqual([file, 200]);
    expect(headers.get('content-type')).toContain(types[file.split('.').at(-1)!]);
    expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  }
});

test.each(['/docs', '/docs/problems'])('%s links to both documents', async (path) => {
  const html = await (await ask(path)).text();
  for (const file of ['/openapi.yaml', '/asyncapi.yaml']) {
    expect(html).toContain(`<a href="${file}">`);
    expect((await ask(file)).status).toBe(200);
  }
});

test('the AsyncAPI document has the address of the shop in YAML and JSON', async () => {
  const [json, yaml] = await Promise.all(
    ['/asyncapi.json', '/asyncapi.yaml'].map(async (path) => (await ask(path)).text()),
  );
  expect(parse(yaml!)).toEqual(JSON.parse(json!));
  expect(JSON.parse(json!).servers.api).toMatchObject({ host: 'shop.example', protocol: 'https' });
});

test.each(['W/', '', 'gzip'])('a matching tag that a proxy has changed (%s) is answered with 304', async (change) => {
  const etag = (await ask('/openapi.json')).headers.get('etag')!.replace('W/', '');
  const tag = change === 'gzip' ? etag.replace(/"$/, '-gzip"') : `${change}${etag}`;
  expect((await ask('/openapi.json', { headers: { 'if-none-match': tag } })).status).toBe(304);
});

test('a matching tag is answered with 304 without a body', async () => {
  const etag = (await ask('/docs')).headers.get('etag')!;
  const again = await ask('/docs', { headers: { 'if-none-match': etag } });
  expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', etag]);
});

test('HEAD has the headers of GET', async () => {
  const headers = { 'accept-encoding': 'identity' };
  const [get, head] = [await ask('/docs', { headers }), await ask('/docs', { method: 'HEAD', headers })];
  expect([head.status, await head.text()]).toEqual([200, '']);
  for (const name of ['content-type', 'content-length', 'etag', 'content-security-policy']) {
    expect(head.headers.get(name)).toBe(get.headers.get(name));
  }
});

test('the response is compressed if the client accepts gzip', async () => {
  const plain = await ask('/openapi.yaml', { headers: { 'accept-encoding': 'identity' } });
  const compressed = await ask('/openapi.yaml', { headers: { 'accept-encoding': 'gzip' } });
  expect([plain.headers.get('content-encoding'), compressed.headers.get('content-encoding')]).toEqual([null, 'gzip']);
  expect(compressed.headers.get('vary')).toMatch(/accept-encoding/i);
  expect(await compressed.text()).toBe(await plain.text());
});

test.each([
  ['/docs/', '/docs'],
  ['/docs/problems/', '/docs/problems'],
])('%s redirects to %s', async (path, target) => {
  const { status, headers } = await ask(path);
  expect([status, headers.get('location')]).toEqual([302, target]);
});

test('other methods are rejected with the allowed methods', async () => {
  const answer = await ask('/docs', { method: 'POST' });
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  expect(await answer.json()).toMatchObject({ code: 'method_not_allowed' });
});

test('an unknown file is the 404 of the API', async () => {
  const answer = await ask('/docs/assets/../../package.json');
  expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([404, 'not_found']);
});

test('the type of a problem links to a section that explains it and what to do', async () => {
  const html = await (await ask('/docs/problems')).text();
  for (const [code, { status, title }] of Object.entries(problems)) {
    const section = html.split('<section ').find((part) => part.startsWith(`id="${code}"`));
    expect(section).toContain(`<span>${status}</span>`);
    expect(section).toMatch(new RegExp(`<strong>${title}\\.</strong> [A-Z].{20,}`, 's'));
  }
});
