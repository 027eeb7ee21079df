import { type IncomingHttpHeaders, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { openShop, type Shop } from '../shop.ts';
import { managerOf } from './manager.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ worker: false });
}, 60_000);
afterAll(() => shop?.close());

const manager = managerOf(() => shop);

interface RawAnswer {
  status: number | undefined;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** Reads the menu without decoding it, unlike `fetch`. */
const readMenu = (headers: Record<string, string> = {}, method = 'GET') =>
  new Promise<RawAnswer>((resolve, reject) => {
    request(`${shop.url}/v1/catalog`, { method, headers, timeout: 10_000 }, (response) => {
      const { statusCode: status, headers } = response;
      buffer(response).then((body) => resolve({ status, headers, body }), reject);
    })
      .on('error', reject)
      .end();
  });

const GZIP = { 'accept-encoding': 'gzip' };
const varies = ({ headers }: RawAnswer) => headers.vary?.toLowerCase().split(/, */).includes('accept-encoding');

const accepted: [acceptEncoding: string | undefined, encoding: 'gzip' | undefined][] = [
  [undefined, undefined],
  ['', undefined],
  ['identity', undefined],
  ['br', undefined],
  ['gzip;q=0', undefined],
  ['gzip;q=0.5, identity', undefined],
  ['*;q=0', undefined],
  ['gzip', 'gzip'],
  ['GZIP', 'gzip'],
  ['*', 'gzip'],
  ['gzip, deflate, br, zstd', 'gzip'],
  ['br;q=1, gzip;q=0.1', 'gzip'],
  ['identity;q=0, gzip;q=0.1', 'gzip'],
];

test.each(accepted)('encodes the menu as the client accepts it: Accept-Encoding %s', async (accept, encoding) => {
  const plain = await readMenu();
  const answer = await readMenu(accept === undefined ? {} : { 'accept-encoding': accept });

  expect(answer.status).toBe(200);
  expect(answer.headers['content-encoding']).toBe(encoding);
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  expect(answer.headers['content-length']).toBe(String(answer.body.length));
  expect((encoding ? gunzipSync(answer.body) : answer.body).equals(plain.body)).toBe(true);
  expect(varies(answer)).toBe(true);
});

test('gives each encoding a strong ETag, which gets a 304 only in that encoding', async () => {
  const encodings = [{}, GZIP];
  const etags = (await Promise.all(encodings.map((headers) => readMenu(headers)))).map(({ headers }) => headers.etag);
  expect(new Set(etags).size).toBe(2);
  for (const etag of etags) {
    expect(etag).toMatch(/^"[\w-]+"$/);
    for (const accepted of encodings) {
      const answer = await readMenu({ ...accepted, 'if-none-match': etag! });
      const own = etags[encodings.indexOf(accepted)];
      expect([answer.status, answer.headers.etag]).toEqual([own === etag ? 304 : 200, own]);
      expect(answer.body.length > 0).toBe(own !== etag);
      expect(varies(answer)).toBe(true);
    }
  }
});

test.each([
  ['identity', {}],
  ['gzip', GZIP],
])('answers 304 to an ETag that a proxy has changed: %s', async (_, accepted) => {
  const { etag = '' } = (await readMenu(accepted)).headers;
  for (const changed of [`W/${etag}`, etag.replace(/"$/, '-br"')]) {
    expect((await readMenu({ ...accepted, 'if-none-match': changed })).status).toBe(304);
  }
});

test('answers the ETag of a compressed menu with a 200 after a change', async () => {
  const { etag = '' } = (await readMenu(GZIP)).headers;
  const { id } = await manager.product();
  const answer = await readMenu({ ...GZIP, 'if-none-match': etag });
  expect(answer.status).toBe(200);
  expect(answer.headers.etag).not.toBe(etag);
  expect(gunzipSync(answer.body).includes(id)).toBe(true);
});

test('answers HEAD with the headers of the compressed menu', async () => {
  const [get, head] = [await readMenu(GZIP), await readMenu(GZIP, 'HEAD')];
  expect(head.body).toHaveLength(0);
  for (const name of ['etag', 'content-encoding', 'content-length', 'vary']) {
    expect([name, head.headers[name]]).toEqual([name, get.headers[name]]);
  }
});

test('adds Accept-Encoding to the Vary header of CORS', async () => {
  const { headers } = await readMenu(GZIP);
  expect(headers.vary?.toLowerCase()).toBe('origin, accept-encoding');
});
