import { readFileSync } from 'node:fs';
import { latteId } from '../../api/docs/examples.ts';
import { expectFaults, expectProblem } from '../http/problem.ts';
import { type Answer, openShop, type Shop } from '../shop.ts';
import { askerOf, operations } from './operations.ts';
import { fingerprints } from './tables.ts';

let shop: Shop;
let orderId: string;
let ask: ReturnType<typeof askerOf>;
beforeAll(async () => {
  shop = await openShop({ worker: false });
  orderId = (await shop.place()).body.id;
  ask = askerOf(shop, orderId);
}, 60_000);
afterAll(() => shop?.close());

/** Returns every object inside a body with its JSON pointer, the body first. */
function objectsIn(value: unknown, at = '#'): [pointer: string, object: object][] {
  if (typeof value !== 'object' || value === null) return [];
  const inside = Object.entries(value).flatMap(([name, part]) => objectsIn(part, `${at}/${name}`));
  return Array.isArray(value) ? inside : [[at, value], ...inside];
}

describe('A field that clients cannot set', () => {
  const values: [field: string, value: unknown][] = [
    ['role', 'manager'],
    ['price', 1],
    ['status', 'ready'],
    ['customerId', latteId],
    ['__proto__', { role: 'manager' }],
    ['constructor', { prototype: { role: 'manager' } }],
  ];

  // Messages of Temporal and Amazon may contain new fields, which are ignored.
  const withBodies = operations.filter(({ example, path }) => example && !/^\/(codec|notifications)\//.test(path));

  test('is tested in many request bodies', () => {
    expect(withBodies.length).toBeGreaterThan(15);
  });

  test.each(withBodies)('is rejected without effect: $name', async (operation) => {
    const before = await fingerprints(shop);
    for (const [index, [pointer, known]] of objectsIn(operation.example).entries()) {
      for (const [field, value] of values.filter(([name]) => !Object.hasOwn(known, name))) {
        const body = structuredClone(operation.example);
        // An assignment would set the prototype.
        Object.defineProperty(objectsIn(body)[index]![1], field, { value, enumerable: true });
        expectFaults(await ask(operation, body), [`${pointer}/${field}`]);
      }
    }
    expect(await fingerprints(shop)).toEqual(before);
  });
});

const ODD = ["' OR 1=1 --", "'; DROP TABLE users; --", '%', '_%_', '\0', 'ana\0', '$1', '\\', '{}', '[1]', '😀😀😀'];

/** Expects an empty result or an invalid request. */
function expectNothing(answer: Answer): void {
  if (answer.status === 200) expect(answer.body).toEqual({ data: [], nextCursor: null });
  else expectProblem(answer, 'invalid_request', { errors: expect.any(Array) });
}

describe('SQL as a value', () => {
  const queries = operations.flatMap((operation) =>
    (operation.parameters ?? [])
      .filter((parameter) => parameter.in === 'query')
      .map((parameter) => ({ operation, name: operation.name, parameter: parameter.name })),
  );

  test.each(queries)('finds no resource: $name by $parameter', async ({ operation, parameter }) => {
    for (const value of ODD) {
      expectNothing(await ask(operation, undefined, {}, `?${parameter}=${encodeURIComponent(value)}`));
    }
  });

  const ids = operations.flatMap((operation) =>
    [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, id]) => ({ operation, name: operation.name, id: id! })),
  );

  test.each(ids)('is not a valid id: $name by $id', async ({ operation, id }) => {
    const before = await fingerprints(shop);
    for (const value of ODD) expectFaults(await ask(operation, operation.example, { [id]: value }), [`?${id}`]);
    expect(await fingerprints(shop)).toEqual(before);
  });

  test('has no effect in a forged cursor', async () => {
    const cursor = (place: unknown) => Buffer.from(JSON.stringify(place)).toString('base64url');
    const listOf = (path: string, place: unknown) =>
      shop.request('GET', `${path}?cursor=${cursor(place)}`, { as: shop.manager });
    for (const odd of ODD) {
      // As a text, it sorts after all users.
      expectNothing(await listOf('/v1/users', [`zzzz${odd}`]));
      expectNothing(await listOf('/v1/orders', [odd, orderId]));
      expectNothing(await listOf('/v1/orders', [new Date().toISOString(), `${orderId}${odd}`]));
    }
  });

  const forms = operations.flatMap(({ name, path, requestBody }) => {
    const { examples = {} } = requestBody?.content['application/x-www-form-urlencoded'] ?? {};
    return Object.entries(examples).map(([grant, { value }]) => ({ name, path, grant, form: value }));
  });

  test.each(forms)('gets no token: $name ($grant)', async ({ path, form }) => {
    for (const field of Object.keys(form)) {
      for (const value of ODD) {
        const body = new URLSearchParams({ ...form, [field]: value }).toString();
        const headers = { 'content-type': 'application/x-www-form-urlencoded' };
        const answer = await shop.request('POST', path, { body, headers });
        // The revocation of an unknown token succeeds (RFC 7009 §2.2).
        if (path === '/oauth/revoke' && field === 'token') expect([answer.status, answer.body]).toEqual([200, '']);
        else expect([400, 401]).toContain(answer.status);
      }
    }
  });

  test('is stored unchanged as a text', async () => {
    for (const text of ODD.filter((odd) => !odd.includes('\0'))) {
      const product = { name: text, description: text, basePrice: { amount: 1, currency: 'USD' } };
      const created = await shop.request('POST', '/v1/products', { as: shop.manager, body: product });
      expect([created.status, created.body.name, created.body.description]).toEqual([201, text, text]);
      const me = await shop.request('PATCH', '/v1/me', { as: shop.customer, body: { name: text } });
      expect([me.status, me.body.name]).toEqual([200, text]);
      const placed = await shop.place({ body: { lines: [await shop.line('Tea')], note: text } });
      expect([placed.status, placed.body.note]).toEqual([201, text]);
    }
  });
});

// Last: checks the effects of all tests above.
test('all of this input causes no error in the log of the API', () => {
  const written = readFileSync(shop.api.log, 'utf8').split('\n');
  const logged = written.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  expect(logged.length).toBeGreaterThan(100);
  expect(logged.filter(({ level, status }) => level >= 50 || status >= 500)).toEqual([]);
});
