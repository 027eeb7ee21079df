import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { RUN_FOLDER } from '../measure/run-folder.ts';

const script = join(import.meta.dirname, '../../bench/run.ts');

let running: ChildProcess | undefined;

// An aborted test stops the bench, which stops its own processes.
afterEach(async () => {
  if (running?.exitCode !== null) return;
  running.kill('SIGTERM');
  await once(running, 'close');
}, 60_000);

/** Runs the bench as `make bench` does, without coverage of its processes. */
async function bench(args: string[], settings: Record<string, string> = {}) {
  const { NODE_V8_COVERAGE: _, NODE_OPTIONS: __, [RUN_FOLDER]: ___, ...environment } = process.env;
  const child = spawn(process.execPath, [script, ...args], {
    env: { ...environment, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running = child;
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (text) => {
    output.stdout += text;
  });
  child.stderr.on('data', (text) => {
    output.stderr += text;
  });
  const [code] = await once(child, 'close');
  return { code, ...output };
}

/** Returns the rows of the table whose first column has this name. */
function tableOf(report: string, first: string): Record<string, string>[] {
  const lines = report.split('\n');
  const from = lines.findIndex((line) => line.startsWith(`| ${first} |`));
  const cells = (line: string) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
  const names = cells(lines[from] as string);
  const rest = lines.slice(from + 2);
  const rows = rest
    .slice(
      0,
      rest.findIndex((line) => !line.startsWith('|')),
    )
    .map(cells);
  expect(rows.filter((row) => row.length !== names.length)).toEqual([]);
  return rows.map((row) => Object.fromEntries(names.map((name, index) => [name, row[index] as string])));
}

test('reports every figure with a number in a quick run', async () => {
  const { code, stdout, stderr } = await bench(['--quick', '--plans'], { ORDERS: '1000', OPEN_ORDERS: '3' });

  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).not.toMatch(/NaN|Infinity|undefined/);
  const rows = tableOf(stdout, 'measurement');
  expect(rows.map((row) => row.measurement)).toEqual([
    'place, back to back',
    'place at the counter, with a name, back to back',
    'place, at rest',
    'change a status, back to back',
    'change a status, at rest',
    'place, 1 clients',
    'a whole order, 1 clients',
    ...['8 connections', 'one connection'].flatMap((how) => [
      `\`GET /v1/catalog\`, ${how}`,
      `\`GET /v1/orders/{id}\`, ${how}`,
      `\`GET /v1/orders\` with 20 rows, ${how}`,
    ]),
    'a page of `GET /v1/orders` among 1,000',
    expect.stringMatching(/^the slowest of 19 pages, measured again: ./),
    'place among 1,000',
    ...['at rest', 'back to back'].flatMap((how) => [
      `history of an order, ${how}`,
      `size of the history, ${how}`,
      `workflow tasks of an order, ${how}`,
      `Temporal actions of an order, ${how}`,
    ]),
    'workflow bundle',
    'start of the API until it is ready',
    'start of the worker until it is ready',
    ...['API', 'worker'].flatMap((name) => [
      `memory of the ${name}, idle`,
      `memory of the ${name}, 3 open orders`,
      `memory of the ${name}, after the orders closed`,
    ]),
    'a change reaches 10 streams',
    'a change reaches 10 streams',
    'memory of the API for an idle stream, of 10',
    'deliveries to a webhook',
    'a touch on a board with 1 open orders',
    'the same, 99 of 100',
    'growth of the board’s memory while 1 orders pass',
  ]);
  for (const row of rows) {
    expect(row.measured).toMatch(/^-?[\d,.]+ (×|events|bytes|tasks|actions|KB|MB|ms)$/);
    expect(row['target met']).toMatch(row.target ? /^(yes|\*\*no\*\*)$/ : /^$/);
    if (row.measured?.endsWith('×')) {
      expect(row['p10–p90']).toMatch(/^[\d.]+–[\d.]+$/);
      expect(row.Crema).toMatch(/(ms|\/s)$/);
    }
  }
  expect(tableOf(stdout, 'page')).toHaveLength(19);
  expect(stdout.match(/^### Plan among 1,000: /gm)).toHaveLength(19);
  expect(stdout).toContain('](benchmarks-growth.svg)');
}, 300_000);

test.each([
  ['an unknown figure', ['--only=placing,nothing'], {}, /^Unknown figure nothing. Known figures: placing, /],
  ['--write with a part of a run', ['--only=placing', '--write'], {}, /^--write needs a whole run/],
  ['too few orders', [], { ORDERS: '12' }, /ORDERS must be a whole number from 1000 to 5000000/],
])('rejects %s with one sentence', async (_, args, settings, sentence) => {
  const { code, stdout, stderr } = await bench(args, settings as Record<string, string>);

  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(sentence);
  expect(stderr.trim().split('\n')).toHaveLength(1);
});
