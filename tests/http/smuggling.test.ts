import { openShop, type Shop } from '../shop.ts';
import { lastDocument, sendRaw } from './raw-socket.ts';

let shop: Shop;
let order: string;
beforeAll(async () => {
  shop = await openShop({ worker: false });
  order = JSON.stringify({ lines: [await shop.line('Latte', 'Vanilla')] });
}, 60_000);
afterAll(() => shop?.close());

const lines = (...all: string[]) => `${all.join('\r\n')}\r\n`;
const as = () => `Authorization: Bearer ${shop.customer}`;
const json = 'Content-Type: application/json';
const chunked = (body: string) => `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
const length = (body: string) => `Content-Length: ${body.length}`;

/** Returns a request that places an order, with additional headers. */
const placing = (headers: string[], body = order, version = '1.1') =>
  `${lines(`POST /v1/orders HTTP/${version}`, 'Host: shop', as(), json, ...headers)}\r\n${body}`;

/** Returns a complete request, to be hidden behind another one. */
const hidden = () => placing([length(order)]);

const numberOfOrders = async () => Number((await shop.database('orders').count({ n: '*' }))[0]!.n);

test('accepts a well-formed raw request, by length, in chunks and with an absolute URL', async () => {
  const before = await numberOfOrders();
  const whole = await sendRaw(shop, placing([length(order), 'Connection: close']));
  const inChunks = await sendRaw(shop, placing(['Transfer-Encoding: chunked', 'Connection: close'], chunked(order)));
  // Proxies send absolute URLs.
  const url = await sendRaw(shop, placing([length(order), 'Connection: close']).replace('/v1', 'http://shop/v1'));
  expect([whole.statuses, inChunks.statuses, url.statuses]).toEqual([[201], [201], [201]]);
  expect(await numberOfOrders()).toBe(before + 3);
});

const bad: [string, () => string][] = [
  ['length and chunks', () => placing([length(order), 'Transfer-Encoding: chunked'], chunked(order))],
  ['chunks and length', () => placing(['Transfer-Encoding: chunked', 'Content-Length: 4'], chunked(order) + hidden())],
  ['two lengths', () => placing([length(order), 'Content-Length: 0'], order + hidden())],
  ['the same length twice', () => placing([length(order), length(order)])],
  ['a list of lengths', () => placing([`Content-Length: ${order.length}, ${order.length}`])],
  ['a length with a sign', () => placing([`Content-Length: +${order.length}`])],
  ['a negative length', () => placing(['Content-Length: -1'])],
  ['a length in hexadecimal', () => placing([`Content-Length: 0x${order.length.toString(16)}`])],
  ['a length of forty digits', () => placing([`Content-Length: ${'9'.repeat(40)}`])],
  ['a space before the colon', () => placing([`Content-Length : ${order.length}`])],
  ['chunks, a space before the colon', () => placing(['Transfer-Encoding : chunked'], chunked(order))],
  ['chunks that are not the last coding', () => placing(['Transfer-Encoding: chunked, identity'], chunked(order))],
  ['a coding that is not chunked', () => placing(['Transfer-Encoding: xchunked'], chunked(order))],
  ['chunked in two headers', () => placing(['Transfer-Encoding: chunked', 'Transfer-Encoding: x'], chunked(order))],
  ['a vertical tab before chunked', () => placing(['Transfer-Encoding: \x0bchunked'], chunked(order))],
  ['chunks in HTTP/1.0', () => placing(['Transfer-Encoding: chunked'], chunked(order), '1.0')],
  ['a folded header', () => placing([length(order), 'X-Folded: a', ' b'])],
  ['a folded coding', () => placing(['Transfer-Encoding:', ' chunked'], chunked(order))],
  ['bare line feeds', () => placing([length(order)]).replaceAll('\r\n', '\n')],
  ['one bare line feed', () => placing([`X-One: a\nX-Two: b`, length(order)])],
  ['a bare line feed at the end of the headers', () => placing([length(order)]).replace('\r\n\r\n', '\r\n\n')],
  ['a bare carriage return', () => placing([length(order), 'X-One: a\rX-Two: b'])],
  ['a NUL in a header', () => placing([length(order), 'X-One: a\0b'])],
  ['a header without a name', () => placing([length(order), ': a'])],
  ['a header without a colon', () => placing([length(order), 'nonsense'])],
  ['an invalid chunk size', () => placing(['Transfer-Encoding: chunked'], `zz\r\n${order}\r\n0\r\n\r\n`)],
  ['a chunk size too large', () => placing(['Transfer-Encoding: chunked'], `${'f'.repeat(20)}\r\n${order}`)],
  ['a chunk longer than its size', () => placing(['Transfer-Encoding: chunked'], `2\r\n${order}\r\n0\r\n\r\n`)],
  [
    'a bare line feed after a chunk size',
    () => placing(['Transfer-Encoding: chunked'], chunked(order).replace('\r', '')),
  ],
  [
    'a bare line feed in a chunk extension',
    () => placing(['Transfer-Encoding: chunked'], `${order.length.toString(16)};a\nb\r\n${order}\r\n0\r\n\r\n`),
  ],
  ['no Host', () => placing([length(order)]).replace('Host: shop\r\n', '')],
  ['two Hosts', () => placing(['Host: other', length(order)])],
  ['no version', () => `POST /v1/orders\r\n\r\n${hidden()}`],
  ['an unknown version', () => placing([length(order)], order, '1.9')],
  ['the preface of HTTP/2', () => `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${hidden()}`],
  ['a method with a space', () => placing([length(order)]).replace('POST', 'PO ST')],
  ['a URL with a user', () => placing([length(order)]).replace('/v1', 'http://a@shop/v1')],
  ['a URL with a malformed user', () => placing([length(order)]).replace('/v1', 'http://%E0%A4%A@shop/v1')],
  ['a URL of another scheme', () => placing([length(order)]).replace('/v1', 'ftp://shop/v1')],
  ['a TLS handshake', () => `\x16\x03\x01\x02\x00\x01\x00\x01${hidden()}`],
];

test.each(bad)('rejects a request without effect and closes the connection: %s', async (_, bytes) => {
  const before = await numberOfOrders();
  const talk = await sendRaw(shop, bytes());
  expect({ statuses: talk.statuses, closed: talk.closed }).toEqual({ statuses: [400], closed: true });
  expect(talk.text).toMatch(/^connection: close\r$/im);
  expect(talk.text).toMatch(/^content-type: application\/problem\+json\r$/im);
  expect(talk.text).toMatch(/^content-security-policy: default-src 'none'/im);
  expect(lastDocument(talk)).toEqual({
    type: '/docs/problems#invalid_request',
    title: 'The request is invalid',
    status: 400,
    detail: expect.stringMatching(/^\S.*\.$/),
    instance: expect.stringMatching(/^urn:uuid:/),
    code: 'invalid_request',
  });
  expect(await numberOfOrders()).toBe(before);
});

test('rejects a malformed body without effect, even if the route reads no body', async () => {
  const as = shop.manager;
  const body = { name: 'Cold Brew', basePrice: { amount: 450, currency: 'USD' } };
  const { id } = (await shop.request('POST', '/v1/products', { as, body })).body;
  const path = `/v1/products/${id}`;
  const head = lines(
    `DELETE ${path} HTTP/1.1`,
    'Host: shop',
    `Authorization: Bearer ${as}`,
    'Transfer-Encoding: chunked',
  );
  const broken = await sendRaw(shop, `${head}\r\n2\r\n{}zz`);
  expect([broken.statuses, broken.closed]).toEqual([[400], true]);
  const cutShort = await sendRaw(shop, `${head}\r\n2\r\n{}`, 200);
  expect(cutShort.statuses).toEqual([]);
  expect((await shop.request('GET', path, { as })).status).toBe(200);

  const whole = await sendRaw(shop, `${head}Connection: close\r\n\r\n2\r\n{}\r\n0\r\n\r\n`);
  expect(whole.statuses).toEqual([204]);
  expect((await shop.request('GET', path, { as })).status).toBe(404);
});

test('answers 431 with the limit if the headers are too large', async () => {
  const talk = await sendRaw(shop, placing([length(order), `X-Large: ${'x'.repeat(20_000)}`]));
  expect([talk.statuses, talk.closed]).toEqual([[431], true]);
  expect(lastDocument(talk)).toMatchObject({ code: 'headers_too_large', detail: expect.stringContaining('16384') });
});

test('answers a complete request, then closes the connection if malformed data follows', async () => {
  const before = await numberOfOrders();
  const talk = await sendRaw(shop, `${hidden()}nonsense\r\n\r\n${hidden()}`);
  expect([talk.statuses, talk.closed]).toEqual([[201, 400], true]);
  expect(await numberOfOrders()).toBe(before + 1);
});

test('answers two pipelined requests in order', async () => {
  const talk = await sendRaw(shop, hidden() + placing([length(order), 'Connection: close']));
  expect([talk.statuses, talk.closed]).toEqual([[201, 201], true]);
});

test('ignores an unknown expectation', async () => {
  const talk = await sendRaw(shop, placing([length(order), 'Expect: a-miracle', 'Connection: close']));
  expect(talk.statuses).toEqual([201]);
});

test('serves an HTTP/1.0 request without a Host header', async () => {
  const talk = await sendRaw(shop, 'GET /v1/catalog HTTP/1.0\r\n\r\n');
  expect([talk.statuses, talk.closed]).toEqual([[200], true]);
});
