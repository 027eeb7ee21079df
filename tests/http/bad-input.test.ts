import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { waitFor } from '../../stack/wait.ts';
import { operations } from '../security/operations.ts';
import { type Answer, openShop, type RequestOptions, type Shop } from '../shop.ts';
import { usd } from '../usd.ts';
import { newCustomer, type Person } from './people.ts';
import { expectFaults, expectProblem } from './problem.ts';
import { send, write } from './wire.ts';

let shop: Shop;
/** The caller of all invalid requests: anything that they create would belong to this customer. */
let customer: Person;
/** A line that can be ordered. */
let latte: Record<string, unknown>;
/** A valid order of the customer. */
let orderId: string;
beforeAll(async () => {
  shop = await openShop({ worker: false });
  customer = await newCustomer(shop);
  latte = await shop.line('Latte', 'Vanilla');
  const { body } = await shop.place({ as: customer.token });
  orderId = body.id;
}, 60_000);
afterAll(() => shop.close());

const ask = (method: string, path: string, options: RequestOptions = {}) =>
  shop.request(method, path, { as: customer.token, ...options });
const place = (body: unknown, headers: Record<string, string> = {}) => ask('POST', '/v1/orders', { body, headers });
const cancel = (body: unknown, headers: Record<string, string> = {}) =>
  ask('POST', `/v1/orders/${orderId}/cancel`, { body, headers });

/** Places an order with a body that `fetch` sends unchanged: bytes or a stream. */
async function placeRaw(body: RequestInit['body'], headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(`${shop.url}/v1/orders`, {
    method: 'POST',
    headers: { authorization: `Bearer ${customer.token}`, 'content-type': 'application/json', ...headers },
    body,
    duplex: 'half',
  } as RequestInit);
  return { status: response.status, headers: response.headers, body: await response.json() };
}

describe('A body that is not a JSON object', () => {
  const nested = (levels: number, inside = '') => '['.repeat(levels) + inside + ']'.repeat(levels);

  test.each([
    ['cut off', '{"lines": [{"productId"'],
    ['a word', 'lines'],
    ['blanks', '   '],
    ['of single quotes', "{'lines': []}"],
    ['two objects', '{}{}'],
    ['a comment', '{} // nothing'],
    ['NaN', '{"lines": NaN}'],
    ['a raw NUL', '{"note": "\0"}'],
    ['a hundred thousand brackets', '['.repeat(99_000)],
  ])('is rejected as a whole: %s', async (_, body) => {
    expectFaults(await place(body), ['#']);
    expectFaults(await cancel(body), ['#']);
  });

  test.each([
    ['invalid UTF-8', Buffer.concat([Buffer.from('{"note":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')])],
    ['UTF-16', Buffer.from('{"lines":[]}', 'utf16le')],
    ['Latin 1', Buffer.from('{"note":"Café"}', 'latin1')],
  ])('is rejected in the encoding: %s', async (_, bytes) => {
    expectFaults(await placeRaw(bytes), ['#']);
  });

  test.each([
    ['a number', '7'],
    ['a text', '"lines"'],
    ['true', 'true'],
    ['an array', '[{"lines":[]}]'],
    ['a deep array', nested(20_000)],
  ])('is rejected with one fault for the body: %s', async (_, body) => {
    expectFaults(await place(body), ['#']);
    expectFaults(await cancel(body), ['#']);
  });

  test.each([
    ['in a known field', (deep: string) => `{"lines":${deep}}`, ['#/lines/0']],
    ['in an unknown field', (deep: string) => `{"lines":[],"x":${deep}}`, ['#/lines', '#/x']],
    ['around a prototype', (deep: string) => `{"lines":[],"__proto__":${deep}}`, ['#/lines', '#/__proto__']],
  ])('is reported as usual if it is nested deeply %s', async (_, around, faults) => {
    expectFaults(await place(around(nested(40_000, '{"__proto__":1}'))), faults);
  });

  test('is reported together with the other faults of the request', async () => {
    const headers = { 'if-match': 'x', 'idempotency-key': 'a b' };
    const answer = await ask('POST', '/v1/orders/7/cancel?really=yes', { body: '{', headers });
    expectFaults(answer, ['?id', '?really', 'if-match:', 'idempotency-key:', '#']);
  });

  test('is rejected if it is missing or null', async () => {
    expectFaults(await ask('POST', '/v1/orders'), ['#']);
    expectFaults(await place('null'), ['#']);
    expectFaults(await place('', { 'content-length': '0' }), ['#']);
    expectFaults(await ask('POST', `/v1/orders/${orderId}/status`, { as: shop.manager }), ['#']);
  });
});

describe('An invalid order', () => {
  type Body = (line: Record<string, unknown>) => unknown;
  const quantity = (value: unknown): Body => {
    return (line) => ({ lines: [line, { ...line, quantity: value }] });
  };
  const theQuantity = ['#/lines/1/quantity'];

  test.each<[string, Body, string[]]>([
    ['no fields', () => ({}), ['#/lines']],
    ['no lines', () => ({ lines: [] }), ['#/lines']],
    ['lines that are null', () => ({ lines: null }), ['#/lines']],
    ['lines that are an object', (line) => ({ lines: { 0: line, length: 1 } }), ['#/lines']],
    ['51 lines', (line) => ({ lines: Array.from({ length: 51 }, () => line) }), ['#/lines']],
    ['a line that is null', (line) => ({ lines: [line, null] }), ['#/lines/1']],
    ['a line that is an array', (line) => ({ lines: [[line]] }), ['#/lines/0']],
    ['an empty line', () => ({ lines: [{}] }), ['#/lines/0/productId', '#/lines/0/quantity']],
    ['a quantity of 0', quantity(0), theQuantity],
    ['a quantity of -1', quantity(-1), theQuantity],
    ['a quantity of 100', quantity(100), theQuantity],
    ['a quantity of 1e9', quantity(1e9), theQuantity],
    ['a quantity of 1.5', quantity(1.5), theQuantity],
    ['a quantity of 2^53', quantity(2 ** 53), theQuantity],
    ['a quantity of "2"', quantity('2'), theQuantity],
    ['a quantity of true', quantity(true), theQuantity],
    ['a quantity of null', quantity(null), theQuantity],
    ['a quantity of [2]', quantity([2]), theQuantity],
    ['a product that is no UUID', (line) => ({ lines: [{ ...line, productId: '7' }] }), ['#/lines/0/productId']],
    ['a product that is a number', (line) => ({ lines: [{ ...line, productId: 7 }] }), ['#/lines/0/productId']],
    ['a variation of ""', (line) => ({ lines: [{ ...line, variationId: '' }] }), ['#/lines/0/variationId']],
    ['a variation of null', (line) => ({ lines: [{ ...line, variationId: null }] }), ['#/lines/0/variationId']],
    ['an injection', (line) => ({ lines: [{ ...line, productId: "' OR 1=1 --" }] }), ['#/lines/0/productId']],
    ['an unknown location', (line) => ({ lines: [line], location: 'moon' }), ['#/location']],
    ['a note of null', (line) => ({ lines: [line], note: null }), ['#/note']],
    ['a note of an object', (line) => ({ lines: [line], note: { toString: 'x' } }), ['#/note']],
    ['a note of 501 characters', (line) => ({ lines: [line], note: 'x'.repeat(501) }), ['#/note']],
    ['a note of 90,000 characters', (line) => ({ lines: [line], note: 'x'.repeat(90_000) }), ['#/note']],
    ['a note with NUL', (line) => ({ lines: [line], note: 'a\0b' }), ['#/note']],
    ['a note with an escape sequence', (line) => ({ lines: [line], note: '\u001b[31mred' }), ['#/note']],
    ['a note with half a character', (line) => ({ lines: [line], note: 'x\ud83e' }), ['#/note']],
    [
      'a fault in every field',
      (line) => ({
        lines: [{ ...line, quantity: 0 }, { productId: 7, variationId: 'x', quantity: '2', price: 1 }, 'tea'],
        location: 'moon',
        note: 7,
        status: 'delivered',
      }),
      [
        '#/lines/0/quantity',
        '#/lines/1/productId',
        '#/lines/1/variationId',
        '#/lines/1/quantity',
        '#/lines/1/price',
        '#/lines/2',
        '#/location',
        '#/note',
        '#/status',
      ],
    ],
  ])('is rejected with a pointer to every fault: %s', async (_, body, faults) => {
    expectFaults(await place(body(latte)), faults);
  });

  test('is rejected if a quantity overflows a number', async () => {
    expectFaults(await place(JSON.stringify({ lines: [latte] }).replace('"quantity":1', '"quantity":1e999')), [
      '#/lines/0/quantity',
    ]);
  });
});

describe('An unknown field', () => {
  const fields = ['price', 'total', 'status', 'customerId', 'customer', 'role', 'id', 'number', 'version', 'Lines'];
  const risky = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '', ' ', 'ä', 'a/b~c', '0'];
  const pointerTo = new Map([
    ['', ''],
    [' ', '%20'],
    ['ä', '%C3%A4'],
    ['a/b~c', 'a~1b~0c'],
  ]);

  // An object literal with `__proto__` would not have that field.
  const withField = (name: string, object: unknown) =>
    JSON.stringify(object).replace(/^{/, () => `{${JSON.stringify(name)}:{"isAdmin":true},`);

  test.each([...fields, ...risky])('is reported in an order and in its lines: %p', async (name) => {
    const pointer = pointerTo.get(name) ?? name;
    const line = withField(name, latte);
    expectFaults(await place(withField(name, { lines: [] }).replace('[]', () => `[${line}]`)), [
      `#/${pointer}`,
      `#/lines/0/${pointer}`,
    ]);
  });

  test.each(['__proto__', 'status', 'actor', 'version'])('is reported in a cancellation: %p', async (name) => {
    expectFaults(await cancel(withField(name, { reason: 'x' })), [`#/${name}`]);
  });

  test('does not change a prototype', async () => {
    const { body } = await ask('GET', '/v1/me');
    expect(body.isAdmin).toBeUndefined();
    expect(body.role).toBe('customer');
  });
});

describe('An unavailable product', () => {
  test('is reported per line: unknown, deleted, sold out or mismatched', async () => {
    const asManager = (method: string, path: string, body?: unknown) =>
      shop.request(method, path, { as: shop.manager, body });
    const make = async (name: string) =>
      (await asManager('POST', '/v1/products', { name, basePrice: usd(1) })).body.id as string;
    const variation = async (product: string, name: string) => {
      const { body } = await asManager('POST', `/v1/products/${product}/variations`, { name, priceDelta: usd(1) });
      return body.variations.find((each: { name: string }) => each.name === name).id as string;
    };
    const [deleted, soldOut, cake] = [await make('Deleted'), await make('Sold out'), await make('Cake')];
    const ofDeleted = await variation(deleted, 'With cream');
    const [gone, finished] = [await variation(cake, 'Gone'), await variation(cake, 'Finished')];
    await asManager('DELETE', `/v1/products/${deleted}`);
    await asManager('DELETE', `/v1/products/${cake}/variations/${gone}`);
    await asManager('PATCH', `/v1/products/${soldOut}`, { available: false });
    await asManager('PATCH', `/v1/products/${cake}/variations/${finished}`, { available: false });

    const lines = [
      { productId: cake },
      { productId: randomUUID() },
      { productId: deleted },
      { productId: deleted, variationId: ofDeleted },
      { productId: soldOut },
      { productId: cake, variationId: gone },
      { productId: cake, variationId: finished },
      { productId: cake, variationId: latte.variationId },
      { productId: cake, variationId: randomUUID() },
      latte,
    ].map((line) => ({ quantity: 1, ...line }));
    const answer = await place({ lines });

    expectProblem(answer, 'product_unavailable', {
      errors: [1, 2, 3, 4, 5, 6, 7, 8].map((line) => ({ pointer: `#/lines/${line}`, detail: expect.any(String) })),
    });
    // An idempotency key must not change the response, although it is looked up first.
    expectProblem(await place({ lines }, { 'idempotency-key': randomUUID() }), 'product_unavailable', {
      errors: expect.any(Array),
    });
  });
});

describe('An invalid change', () => {
  test.each<[string, unknown, string[]]>([
    ['no status', {}, ['#/status']],
    ['an unknown status', { status: 'burnt' }, ['#/status']],
    ['a status in capitals', { status: 'READY' }, ['#/status']],
    ['several', { status: ['ready'] }, ['#/status']],
    ['an inherited name', { status: 'toString' }, ['#/status']],
    ['too long a reason', { status: 'ready', reason: 'x'.repeat(501) }, ['#/reason']],
    ['a reason with NUL', { status: 'ready', reason: '\0' }, ['#/reason']],
    ['a fault in every field', { status: 1, reason: 2, by: 3 }, ['#/status', '#/reason', '#/by']],
  ])('of the status is rejected: %s', async (_, body, faults) => {
    expectFaults(await ask('POST', `/v1/orders/${orderId}/status`, { as: shop.manager, body }), faults);
  });

  test.each<[string, unknown, string[]]>([
    ['an unknown code', { reasonCode: 'bored' }, ['#/reasonCode']],
    ['a code of null', { reasonCode: null }, ['#/reasonCode']],
    ['a reason that is a number', { reason: 7 }, ['#/reason']],
  ])('by cancellation is rejected: %s', async (_, body, faults) => {
    expectFaults(await cancel(body), faults);
  });
});

describe('A body', () => {
  const json = () => JSON.stringify({ lines: [latte] });

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    'application/merge-patch+json',
    'application/vnd.api+json',
    'application/jsonp',
    'json',
    'nonsense',
    'application/json; charset=utf-16',
    'application/json; charset=iso-8859-1',
    'application/json; charset=klingon',
  ])('is rejected with the content type %s', async (type) => {
    for (const answer of [
      await place(json(), { 'content-type': type }),
      await cancel('{"reason":"x"}', { 'content-type': type }),
    ]) {
      expectProblem(answer, 'unsupported_media_type');
      expect(answer.headers.get('accept')).toBe('application/json');
    }
  });

  test('is rejected without a content type', async () => {
    expectProblem(await placeRaw(new Blob([json()]), { 'content-type': '' }), 'unsupported_media_type');
  });

  test.each(['zstd', 'klingon', 'gzip, gzip'])('is rejected with the content encoding %s', async (encoding) => {
    expectProblem(await placeRaw(json(), { 'content-encoding': encoding }), 'unsupported_media_type');
  });

  test.each(['gzip', 'br', 'deflate'])('is rejected if it is plain text declared as %s', async (encoding) => {
    expectFaults(await placeRaw(json(), { 'content-encoding': encoding }), ['#']);
  });

  test.each(['register', 'forgot', 'verify', 'password', 'emails'])(
    'is rejected by the form /account/%s if its encoding is unknown or wrong',
    async (page) => {
      const type = { 'content-type': 'application/x-www-form-urlencoded' };
      const post = (encoding: string) =>
        shop.request('POST', `/account/${page}`, {
          headers: { ...type, 'content-encoding': encoding },
          body: 'email=a',
        });
      expectProblem(await post('klingon'), 'unsupported_media_type');
      expectProblem(await post('gzip'), 'invalid_request');
    },
  );

  test('has at most 100 faults reported', async () => {
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, number) => [`x${number}`, 1]));
    const { status, body } = await place(JSON.stringify(many));
    expect([status, body.errors.length]).toEqual([400, 100]);
  });

  test('may be compressed', async () => {
    expectFaults(await placeRaw(gzipSync('{"lines":[]}'), { 'content-encoding': 'gzip' }), ['#/lines']);
  });
});

describe('A body over the limit', () => {
  const megabytes = (count: number) => Buffer.alloc(count * 1_000_000, '{"lines":[]}  ');
  const head = (headers: string) =>
    [
      'POST /v1/orders HTTP/1.1',
      'host: crema',
      `authorization: Bearer ${customer.token}`,
      'content-type: application/json',
      headers,
      '',
      '',
    ].join('\r\n');
  const inChunks = (bytes: Buffer, size = 65_536): Buffer[] =>
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
      bytes.subarray(index * size, (index + 1) * size),
    );
  const chunked = (bytes: Buffer) => [
    head('transfer-encoding: chunked'),
    ...inChunks(bytes).map((part) =>
      Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]),
    ),
    '0\r\n\r\n',
  ];
  const streamed = (bytes: Buffer) => ReadableStream.from(inChunks(bytes)) as unknown as RequestInit['body'];

  const ways: [string, () => Promise<Answer>][] = [
    ['5 MB from fetch', () => placeRaw(megabytes(5))],
    ['5 MB streamed from fetch', () => placeRaw(streamed(megabytes(5)))],
    ['5 MB on a socket', () => write(shop, [head('content-length: 5000000'), megabytes(5)])],
    ['5 MB in chunks on a socket', () => write(shop, chunked(megabytes(5)))],
    ['5 MB announced and never sent', () => write(shop, [head('content-length: 5000000')])],
    ['100 GB announced', () => write(shop, [head('content-length: 100000000000'), megabytes(1)])],
    ['one byte over the limit', () => placeRaw(megabytes(1).subarray(0, 300_001))],
    ['50 MB compressed to 50 KB', () => placeRaw(gzipSync(megabytes(50)), { 'content-encoding': 'gzip' })],
  ];

  // Repeated, as the client may or may not receive the response while it still sends the body.
  test.each(ways)('is rejected, and the client receives each response: %s', async (_, sendIt) => {
    for (const _again of [1, 2, 3, 4]) expectProblem(await sendIt(), 'payload_too_large');
  });

  test('gets the usual response if access is denied or the path is unknown', async () => {
    const body = megabytes(5).toString();
    expectProblem(await shop.request('POST', '/v1/orders', { body }), 'unauthenticated');
    expectProblem(await ask('POST', '/v1/products', { body }), 'forbidden');
    expectProblem(await ask('POST', '/v1/nothing', { body }), 'not_found');
    expectProblem(await ask('PUT', '/v1/orders', { body }), 'method_not_allowed');
  });

  test('leaves the connection usable', async () => {
    const next = `GET /v1/nothing HTTP/1.1\r\nhost: crema\r\nx-request-id: second\r\n\r\n`;
    const both = [head('content-length: 5000000'), megabytes(5), next];
    const answer = await write(shop, both, { answers: 2 });
    expect(answer.headers.get('x-request-id')).toBe('second');
    expect(answer.status).toBe(404);
  });
});

describe('A parameter', () => {
  const cursor = (position: unknown) => Buffer.from(JSON.stringify(position)).toString('base64url');
  const id = '0c0ffee0-0000-4000-8000-0000000000ff';

  test.each<[string, string[]]>([
    ['unknown=1', ['?unknown']],
    ['a=1&b=2&__proto__=3&constructor=4', ['?a', '?b', '?__proto__', '?constructor']],
    ['status[]=waiting', ['?status[]']],
    ['Limit=5', ['?Limit']],
    ['%zz=%zz', ['?%zz']],
    ['status=waiting&status=bad&status=worse', ['?status']],
    ['status=', ['?status']],
    ['status=waiting%00', ['?status']],
    ['limit=0', ['?limit']],
    ['limit=101', ['?limit']],
    ['limit=-1', ['?limit']],
    ['limit=1.5', ['?limit']],
    ['limit=ten', ['?limit']],
    ['limit=', ['?limit']],
    ['limit=5&limit=5', ['?limit']],
    ['limit=NaN&number=Infinity', ['?limit', '?number']],
    ['number=0', ['?number']],
    ['number=1000', ['?number']],
    ['sort=', ['?sort']],
    ['sort=placedAt&sort=-placedAt', ['?sort']],
    ['sort=total', ['?sort']],
    ['customerId=me', ['?customerId']],
    [`customerId=${id}&customerId=${id}`, ['?customerId']],
    ['placedFrom=yesterday', ['?placedFrom']],
    ['placedFrom=2026-11-22', ['?placedFrom']],
    ['placedFrom=2026-02-30T00:00:00Z', ['?placedFrom']],
    ['placedTo=1795305600', ['?placedTo']],
    ['placedFrom=2026-11-22T00:00:00Z&placedFrom=2026-11-22T00:00:00Z', ['?placedFrom']],
    ['cursor=abc', ['?cursor']],
    ['cursor=', ['?cursor']],
    ['cursor=null', ['?cursor']],
    ['cursor=%00', ['?cursor']],
    ['cursor=a&cursor=b', ['?cursor']],
    [`cursor=${'a'.repeat(201)}`, ['?cursor']],
    [`cursor=${cursor(null)}`, ['?cursor']],
    [`cursor=${cursor({})}`, ['?cursor']],
    [`cursor=${cursor(['2026-11-22T00:00:00Z', 'x'])}`, ['?cursor']],
    [`cursor=${cursor(['yesterday', id])}`, ['?cursor']],
    [`cursor=${cursor(['2026-11-22T00:00:00Z', id, 1])}`, ['?cursor']],
    [
      'status=bad&limit=0&number=x&sort=up&cursor=abc&placedTo=soon&more=1',
      ['?status', '?limit', '?number', '?sort', '?cursor', '?placedTo', '?more'],
    ],
  ])('is reported if it is invalid: GET /v1/orders?%s', async (query, faults) => {
    expectFaults(await ask('GET', `/v1/orders?${query}`, { as: shop.manager }), faults);
  });

  const numbers = operations.flatMap(({ path, method, parameters = [] }) =>
    parameters
      .filter((parameter) => parameter.in === 'query' && parameter.schema.type === 'integer')
      .map(({ name }) => ({ path: path.replaceAll(/\{\w+\}/g, id), method, name })),
  );

  test('must have only digits if it is a number', async () => {
    expect(numbers.map(({ name }) => name)).toEqual(expect.arrayContaining(['limit', 'number']));
    for (const { path, method, name } of numbers) {
      for (const text of ['1e1', '0x10', '0b1', ' 1', '1 ', '+1', '1.0', '1_0', '\uff11', '\u0661', 'true', '']) {
        const answer = await ask(method, `${path}?${new URLSearchParams({ [name]: text })}`, { as: shop.manager });
        const detail = 'must be a whole number, in digits';
        expectProblem(answer, 'invalid_request', { errors: [{ parameter: name, detail }] });
      }
    }
  });

  // Valid by RFC 3339, but outside the range of Postgres.
  test.each([
    'placedFrom=0000-01-01T00:00:00Z',
    'placedFrom=2026-01-01T00:00:00%2B23:59',
    'placedTo=9999-12-31T23:59:59-23:59',
    `placedFrom=2026-01-01T00:00:00.${'1'.repeat(200)}Z`,
    `cursor=${cursor(['0000-01-01T00:00:00Z', id])}`,
  ])('may have an unusual value: GET /v1/orders?%s', async (query) => {
    expect(await ask('GET', `/v1/orders?${query}`)).toMatchObject({ status: 200, body: { data: expect.any(Array) } });
  });

  test.each([
    ['GET', '/v1/catalog?x=1'],
    ['GET', `/v1/orders/${id}?x=1`],
    ['GET', `/v1/orders/${id}/timeline?x=1`],
    ['POST', `/v1/orders/${id}/cancel?x=1`],
    ['GET', '/v1/me?x=1'],
    ['GET', '/health/live?x=1'],
    ['GET', '/health/ready?x=1'],
  ])('is reported if it is unknown: %s %s', async (method, path) => {
    expectFaults(await ask(method, path), ['?x']);
  });

  test.each([
    '7',
    'me',
    `${id}0`,
    `{${id}}`,
    '%00',
    '%zz',
    '%ff',
    '%E0%A4%A',
    '..%2f..',
    "'%20OR%201=1--",
    'undefined',
  ])('in a path must be a UUID: /v1/orders/%s', async (wrong) => {
    for (const [method, path] of [
      ['GET', ''],
      ['GET', '/timeline'],
      ['POST', '/cancel'],
    ] as const) {
      expectFaults(
        await send(shop, method, `/v1/orders/${wrong}${path}`, { authorization: `Bearer ${customer.token}` }),
        ['?id'],
      );
    }
  });
});

describe('An invalid header', () => {
  test.each([
    ['an empty text', ''],
    ['a text with a space', 'a b'],
    ['256 characters', 'k'.repeat(256)],
    ['an open quote', '"abc'],
    ['a quote inside', 'a"b'],
    ['empty quotes', '""'],
    ['a character that is not visible', 'caf\u00e9'],
  ])('is reported: an Idempotency-Key of %s', async (_, key) => {
    expectFaults(await place({ lines: [] }, { 'idempotency-key': key }), ['idempotency-key:', '#/lines']);
    expectFaults(await cancel({}, { 'idempotency-key': key }), ['idempotency-key:']);
  });

  test.each(['', '1', 'W/1', '"1', 'abc', '"1" "2"', '"1", 2', '*, "1"', ',', 'w/"1"', "'1'"])(
    'is reported: an If-Match of <%s>',
    async (tag) => {
      expectFaults(await cancel({}, { 'if-match': tag }), ['if-match:']);
    },
  );

  test('is rejected if it is too long, and the API continues to serve requests', async () => {
    const answer = await write(shop, [
      `GET /v1/catalog HTTP/1.1\r\nhost: crema\r\nx-long: ${'x'.repeat(20_000)}\r\n\r\n`,
    ]);
    expect(answer.status).toBe(431);
    expect(await ask('GET', '/v1/catalog')).toMatchObject({ status: 200 });
  });

  test.each([
    ['no host', 'GET /v1/catalog HTTP/1.1\r\n\r\n'],
    ['no HTTP', 'GET me a coffee\r\n\r\n'],
    ['an unknown method', 'BREW /v1/orders HTTP/1.1\r\nhost: crema\r\n\r\n'],
    ['two lengths', 'POST /v1/orders HTTP/1.1\r\nhost: crema\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}'],
    [
      'a length and chunks',
      'POST /v1/orders HTTP/1.1\r\nhost: crema\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
  ])('is answered with 400: %s', async (_, bytes) => {
    expect((await write(shop, [bytes])).status).toBe(400);
  });
});

describe('A path', () => {
  const id = '0c0ffee0-0000-4000-8000-0000000000ff';
  const taken: [method: string, path: string, allow: string][] = [
    ['DELETE', '/v1/orders', 'GET, HEAD, POST'],
    ['PUT', '/v1/orders', 'GET, HEAD, POST'],
    ['TRACE', '/v1/orders', 'GET, HEAD, POST'],
    ['PROPFIND', '/v1/orders', 'GET, HEAD, POST'],
    ['DELETE', `/v1/orders/${id}`, 'GET, HEAD, PATCH'],
    ['GET', `/v1/orders/${id}/status`, 'POST'],
    ['HEAD', `/v1/orders/${id}/cancel`, 'POST'],
    ['POST', '/v1/catalog', 'GET, HEAD'],
    ['PUT', `/v1/products/${id}`, 'DELETE, GET, HEAD, PATCH'],
    ['POST', '/health/live', 'GET, HEAD'],
    ['POST', '/metrics', 'GET, HEAD'],
    // The router would match /v1/orders/{id}.
    ['PATCH', '/v1/orders/quote', 'POST'],
    ['HEAD', '/v1/orders/quote', 'POST'],
  ];

  test.each(taken)('answers a wrong method with 405 and the allowed methods: %s %s', async (method, path, allow) => {
    const answer = await send(shop, method, path);
    if (method === 'HEAD') expect(answer).toMatchObject({ status: 405, body: '' });
    else expectProblem(answer, 'method_not_allowed');
    expect(answer.headers.get('allow')?.split(', ').toSorted().join(', ')).toBe(allow);
  });

  test('answers OPTIONS with the allowed methods, without an effect', async () => {
    const answer = await send(shop, 'OPTIONS', '/v1/orders');
    expect(answer).toMatchObject({ status: 200, body: '' });
    expect(answer.headers.get('allow')?.split(', ').toSorted()).toEqual(['GET', 'HEAD', 'POST']);
    expect((await send(shop, 'OPTIONS', '/v1/orders/quote')).headers.get('allow')).toBe('POST');
  });

  test('answers HEAD as GET, without a body', async () => {
    const [head, get] = [await send(shop, 'HEAD', '/v1/catalog'), await send(shop, 'GET', '/v1/catalog')];
    expect(head).toMatchObject({ status: 200, body: '' });
    for (const name of ['etag', 'content-length', 'content-type']) {
      expect(head.headers.get(name)).toBe(get.headers.get(name));
    }
  });

  const nowhere = ['/v1', '/v1/', '/v2/orders', '/v1/order', '/v1/orders/1/2/3', '//v1/orders', '/%', '/v1/%zz', '/..'];
  test.each(nowhere)('that does not exist is a 404 for any method: %s', async (path) => {
    for (const method of ['GET', 'POST', 'PUT', 'OPTIONS', 'TRACE', 'PROPFIND']) {
      const answer = await send(shop, method, path);
      expectProblem(answer, 'not_found');
      expect(answer.headers.get('allow')).toBeNull();
    }
  });
});

// Last: checks the effects of all tests above.
describe('All invalid requests together', () => {
  test('create no order and leave the valid order unchanged', async () => {
    const { body: order } = await ask('GET', `/v1/orders/${orderId}`);
    expect(order).toMatchObject({ status: 'waiting', version: 1 });
    expect(await shop.database('orders').pluck('id')).toEqual([orderId]);
    expect(await shop.database('order_events').select('order_id', 'version')).toEqual([
      { order_id: orderId, version: 1 },
    ]);

    // Temporal's list lags. Once it shows this order, it also shows all earlier ones.
    const { body: last } = await place({ lines: [latte] });
    const ids = async () => {
      const found: string[] = [];
      const query = `CustomerId = '${customer.id}'`;
      for await (const { workflowId } of shop.temporal.workflow.list({ query })) found.push(workflowId);
      return found.toSorted();
    };
    await waitFor('the last order in the list', async () => (await ids()).includes(`order-${last.id}`), {
      deadline: 20_000,
    });
    expect(await ids()).toEqual([`order-${orderId}`, `order-${last.id}`].toSorted());
  });

  test('cause no error in the log of the API', () => {
    const lines = readFileSync(shop.api.log, 'utf8').split('\n');
    const logged = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
    expect(logged.length).toBeGreaterThan(100);
    expect(logged.filter(({ level, status }) => level >= 50 || status >= 500)).toEqual([]);
  });
});
