import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** A variable, or a collection that is filled later. */
const STATE =
  /^(?:export )?(?:(?:let|var) .*|const \w+.* = (?:new (?:Weak)?(?:Map|Set)\b[^(]*\(\)|\[\]|\{\})(?: as .*)?;)$/gm;

/** Caches of pure functions, whose results are the same in every order. */
const CACHES = [
  'domain/money.ts: const formats = new Map<string, Intl.NumberFormat>();',
  'workflows/outbox.ts: const sizes = new WeakMap<object, number>();',
];

// The workflows of a thread share these modules (worker/workflow-code.ts), so their state would be shared between orders.
test('modules of workflows have no state except caches', () => {
  const files = globSync('{workflows,domain}/**/*.ts', { cwd: root });
  expect(files.length).toBeGreaterThan(40);
  const state = files.flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(STATE)].map(([line]) => `${file}: ${line}`),
  );
  expect(state.toSorted()).toEqual(CACHES);
});

test.each([
  'let count = 0;',
  'export let last: string | undefined;',
  'var seen;',
  'const seen = new Map<string, number>();',
  'export const waiting: string[] = [];',
  'const byId = {} as Record<string, string>;',
  'const orders = new Set();',
])('recognises state: %s', (line) => {
  expect(line).toMatch(STATE);
});
