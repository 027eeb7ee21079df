import type { z } from 'zod';
import { faultDetail } from '../../api/http/fault-detail.ts';
import { allRoutes, type RouteDependencies } from '../../api/routes.ts';
import { rawWords } from './problem.ts';

const routes = allRoutes({ currency: 'USD' } as RouteDependencies);

/** Yields every schema within a schema, with its path. */
function* schemasIn(schema: z.core.$ZodType, path: string, seen = new Set<object>()): Generator<[string, z.ZodType]> {
  if (seen.has(schema)) return;
  seen.add(schema);
  // Transforms run on values that another schema has validated.
  if (schema._zod.def.type !== 'transform') yield [path, schema as z.ZodType];
  const { checks: _, ...def } = schema._zod.def as unknown as Record<string, unknown>;
  const inner = Object.entries({ ...(def.shape as object), ...def }).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((each) => [name, each] as const),
  );
  for (const [name, value] of inner) {
    if (typeof value === 'object' && value !== null && '_zod' in value && 'safeParse' in value) {
      yield* schemasIn(value as z.ZodType, `${path}.${name}`, seen);
    }
  }
}

const schemas = routes.flatMap((route) =>
  (['params', 'query', 'headers', 'body'] as const).flatMap((part) => {
    const schema = route[part];
    return schema ? [...schemasIn(schema, `${route.operationId} ${part}`)] : [];
  }),
);

const values: unknown[] = [
  ...[undefined, null, true, 0, -1, 1.5, 1e300, Number.NaN, {}, { x: 1 }, [], ['a', 'a'], [[]], [{}], [null]],
  ...[
    '',
    ' ',
    'x',
    '-1',
    '1.5',
    '\ud800',
    '\u0000',
    'a\nb',
    '<@>',
    '2026-11-28T14:05:00',
    '2026-11-28',
    'x'.repeat(9_000),
  ],
];

type Issue = z.core.$ZodIssue;

/** Returns the details as the API sends them, including those of a union's members. */
const detailsOf = (issue: Issue): string[] =>
  issue.code === 'invalid_union' ? issue.errors.flat().flatMap(detailsOf) : [issue.message];

test('every fault of every field has a detail written for clients', () => {
  const details = new Map<string, string>();
  for (const [path, schema] of schemas) {
    for (const value of values) {
      const { error } = schema.safeParse(value, { error: faultDetail });
      // The detail of an unknown field is written elsewhere.
      const issues = error?.issues.filter(({ code }) => code !== 'unrecognized_keys') ?? [];
      for (const detail of issues.flatMap(detailsOf)) details.set(detail, `${path} of ${JSON.stringify(value)}`);
    }
  }
  expect(schemas.length).toBeGreaterThan(150);
  expect(details.size).toBeGreaterThan(25);
  expect([...details].filter(([detail]) => rawWords.test(detail))).toEqual([]);
  expect([...details].filter(([detail]) => !/\b(must|is required|lacks|use|is not)\b/.test(detail))).toEqual([]);
});

const { query } = routes.find(({ operationId }) => operationId === 'listOrders')!;
const detailOf = (sent: object) => query?.safeParse(sent, { error: faultDetail }).error?.issues[0]?.message;

test.each([
  ['2026-11-28T14:05:00', /^2026-11-28T14:05:00 lacks a time zone: add Z or an offset such as \+01:00$/],
  ['2026-11-28T14:05:00.123', /lacks a time zone/],
  ['2026-11-28T14:05:00 01:00', /has a space instead of the plus sign: encode \+ as %2B in a URL$/],
  ['2026-02-30T14:05:00', /^must be an RFC 3339 time such as 2026-11-28T14:05:00Z or 2026-11-28T15:05:00\+01:00$/],
  ['2026-11-28', /^must be an RFC 3339 time/],
  ['yesterday', /^must be an RFC 3339 time/],
  ['2026-11-28T14:05:00+0100', /^must be an RFC 3339 time/],
  ['2026-11-28T14:05:00+24:00', /^must be an RFC 3339 time/],
])('the fault of the time %j says what is missing', (placedFrom, detail) => {
  expect(detailOf({ placedFrom })).toMatch(detail);
});

test.each(['Z', 'z', '+00:00', '-00:00', '+05:45', '-09:30', '+14:00', '-12:00'])(
  'a time with the offset %s is accepted',
  (offset) => {
    for (const t of ['T', 't']) {
      expect(
        detailOf({ placedFrom: `2026-11-28${t}14:05:00${offset}`, placedTo: `2026-11-28${t}14:05:00.1${offset}` }),
      ).toBe(undefined);
    }
  },
);

test.each([
  [{ limit: '0' }, 'must be at least 1'],
  [{ limit: '101' }, 'must be at most 100'],
  [{ limit: 'many' }, 'must be a whole number, in digits'],
  [{ limit: '1.5' }, 'must be a whole number, in digits'],
  [{ sort: 'up' }, 'must be one of -placedAt, placedAt, -updatedAt'],
  [{ customerId: '7' }, 'must be a UUID such as 0193a7e2-6f0c-7c4b-9d58-2b1f4c6e8a10'],
])('the fault of a list with %j says: %s', (sent, detail) => {
  expect(detailOf(sent)).toBe(detail);
});
