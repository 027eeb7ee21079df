import { readFileSync } from 'node:fs';
import { openShop, type Shop } from '../shop.ts';
import { askerOf, operations } from './operations.ts';

/** Maximum CPU time of one request on the main thread, in ms. */
const MAX_MS = 100;

/** Just under the limit of a body, in characters. */
const LONG = 95_000;

/** Just under the limit of a path, a query or a header. */
const LONG_HEAD = 15_000;

/** Returns texts of this length for which ambiguous patterns are slow. */
const texts = (length: number): Record<string, string> => ({
  letters: `${'a'.repeat(length - 1)}\u0001`,
  blanks: `a${' '.repeat(length - 2)}\u0001`,
  signs: `${'!'.repeat(length - 1)}\u0001`,
  tokens: 'eyJ'.repeat(length / 3),
  addresses: 'a@'.repeat(length / 2),
  dots: `a@${'a.'.repeat(length / 2 - 1)}`,
  digits: '1'.repeat(length),
  lists: 'a,'.repeat(length / 2),
  pairs: 'a=1;'.repeat(length / 4),
});

let shop: Shop;
let ask: ReturnType<typeof askerOf>;
beforeAll(async () => {
  shop = await openShop();
  ask = askerOf(shop, (await shop.place()).body.id);
}, 60_000);
afterAll(() => shop?.close());

/** Returns the CPU time of the API's main thread so far, in ms. It does not depend on the load of the machine. */
function mainThreadMs(): number {
  const [onCpu] = readFileSync(`/proc/${shop.api.pid}/task/${shop.api.pid}/schedstat`, 'utf8').split(' ');
  return Number(onCpu) / 1e6;
}

/** Sends requests one by one. Returns those that took too long three times in a row, with their shortest time. */
async function tooLong(requests: Record<string, () => Promise<unknown>>): Promise<Record<string, number>> {
  const slow: Record<string, number> = {};
  for (const [name, send] of Object.entries(requests)) {
    let least = Number.POSITIVE_INFINITY;
    for (let turn = 0; turn < 3 && least > MAX_MS; turn += 1) {
      const before = mainThreadMs();
      await send();
      least = Math.min(least, mainThreadMs() - before);
    }
    if (least > MAX_MS) slow[name] = Math.round(least);
  }
  return slow;
}

/** Returns the path of every text in a body. */
function textsIn(value: unknown, at: string[] = []): string[][] {
  if (typeof value === 'string') return [at];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, part]) => textsIn(part, [...at, name]));
}

function withText(body: unknown, path: string[], text: string): unknown {
  const copy = structuredClone(body);
  let at = copy as Record<string, unknown>;
  for (const name of path.slice(0, -1)) at = at[name] as Record<string, unknown>;
  at[path.at(-1) as string] = text;
  return copy;
}

// Only Linux reports the CPU time of a thread.
const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('A long text does not block the API', () => {
  const fields = operations.flatMap((operation) =>
    textsIn(operation.example).map((path) => ({ operation, path, name: `${operation.name} #/${path.join('/')}` })),
  );

  test('covers many fields', () => {
    expect(fields.length).toBeGreaterThan(20);
  });

  test.each(fields)(
    'in a field: $name',
    async ({ operation, path }) => {
      const lengths = [100, 101, 500, 501, 1_000, 1_001, LONG];
      const requests = lengths.flatMap((length) =>
        Object.entries(texts(length)).map(([kind, text]): [string, () => Promise<unknown>] => [
          `${length} ${kind}`,
          () => ask(operation, withText(operation.example, path, text)),
        ]),
      );
      expect(await tooLong(Object.fromEntries(requests))).toEqual({});
    },
    60_000,
  );

  test('in a password that is checked', async () => {
    const pieces = [
      '4@8({[<369!1|0$5+7%2',
      'p4$$w0rd',
      '1.1.2001 12-12-1999 ',
      '4bc$1|_0v3y0u!@#%^&*()',
      'abcabd',
      '1qaz2wsx',
    ];
    let currentPassword = 'test';
    const requests = pieces.map((piece): [string, () => Promise<unknown>] => {
      const newPassword = `${piece.repeat(10).slice(0, 60)}${piece}`;
      const change = async () => {
        const body = { currentPassword, newPassword };
        const { status } = await shop.request('POST', '/v1/me/password', { as: shop.customer, body });
        // With a wrong current password the new one would not be checked: 403.
        expect([204, 400]).toContain(status);
        if (status === 204) currentPassword = newPassword;
      };
      return [newPassword, change];
    });
    expect(await tooLong(Object.fromEntries(requests))).toEqual({});
  }, 60_000);

  test('in a path, a query or a header', async () => {
    const kinds = Object.entries(texts(LONG_HEAD)).map(
      ([kind, text]) => [kind, text.replaceAll('\u0001', '\u007e')] as const,
    );
    const requests = kinds.flatMap(([kind, text]): [string, () => Promise<unknown>][] => [
      [`path of ${kind}`, () => shop.request('GET', `/${encodeURIComponent(text).slice(0, LONG_HEAD)}`)],
      [
        `query of ${kind}`,
        () =>
          shop.request('GET', `/v1/users?email=${encodeURIComponent(text).slice(0, LONG_HEAD)}`, { as: shop.manager }),
      ],
      ...[
        'accept-language',
        'authorization',
        'if-match',
        'if-none-match',
        'idempotency-key',
        'prefer',
        'x-request-id',
        'x-forwarded-for',
        'cookie',
        'accept',
        'content-type',
        'accept-encoding',
        'last-event-id',
        'origin',
      ].map((header): [string, () => Promise<unknown>] => [
        `${header} of ${kind}`,
        () => shop.request('POST', '/v1/orders', { headers: { [header]: text } }),
      ]),
    ]);
    expect(await tooLong(Object.fromEntries(requests))).toEqual({});
  }, 60_000);

  test.each([
    '/health/live',
    '/v1/catalog',
    '/v1/orders',
    '/oauth/authorize',
    '/oauth/logout',
    '/account/verify',
    '/nowhere',
  ])('in a query with very many parameters: %s', async (path) => {
    const requests = ['a&', 'a=1&', 'status=ready&'].map((parameter): [string, () => Promise<unknown>] => {
      const query = parameter.repeat(LONG_HEAD / parameter.length);
      const refused = async () => expect((await shop.request('GET', `${path}?${query}`)).status).toBe(400);
      return [parameter, refused];
    });
    expect(await tooLong(Object.fromEntries(requests))).toEqual({});
  });

  test('in a password of very many combining marks', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const body = `grant_type=password&client_id=crema&username=a@example.com&password=a${'\u0315\u0300'.repeat(13_000)}`;
    const signIn = async () => expect((await shop.request('POST', '/oauth/token', { headers, body })).status).toBe(400);
    expect(await tooLong({ signIn })).toEqual({});
  });

  test('in a form', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const forms: [string, string[]][] = [
      ['/oauth/token', ['grant_type', 'client_id', 'username', 'password', 'refresh_token', 'code', 'scope']],
      ['/oauth/revoke', ['token']],
      ['/account/register', ['name', 'email']],
      ['/account/forgot', ['email']],
      ['/account/password', ['token', 'password']],
    ];
    const whole = { grant_type: 'password', client_id: 'crema', username: 'a@example.com', password: 'test' };
    const requests = forms.flatMap(([path, names]) =>
      names.flatMap((name) =>
        Object.entries(texts(9_000)).map(([kind, text]): [string, () => Promise<unknown>] => [
          `${path} ${name} of ${kind}`,
          () =>
            shop.request('POST', path, { headers, body: new URLSearchParams({ ...whole, [name]: text }).toString() }),
        ]),
      ),
    );
    expect(await tooLong(Object.fromEntries(requests))).toEqual({});
  }, 60_000);
});
