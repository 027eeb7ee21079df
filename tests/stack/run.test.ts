import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { leasePorts } from '../../stack/ports.ts';
import { runDirectory } from '../../stack/process/guarded-process.ts';
import { identify } from '../../stack/process/identity.ts';
import { waitFor, within } from '../../stack/wait.ts';

const portVariables = [
  'PORT',
  'WORKER_HEALTH_PORT',
  'POSTGRES_PORT',
  'TEMPORAL_PORT',
  'TEMPORAL_UI_PORT',
  'REDIS_PORT',
  'SMTP_PORT',
  'MAIL_PORT',
] as const;
const openDeadline = { deadline: 60_000 };

/** The project as these commands see it: their working directory, with `.env` and `.data`. */
let folder: string;
let ports: Record<(typeof portVariables)[number], string>;
const running: ChildProcess[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'crema-run-'));
  // Else Postgres, as another user, would keep its data elsewhere.
  chmodSync(folder, 0o755);
  const free = await leasePorts(portVariables.length);
  ports = Object.fromEntries(portVariables.map((name, index) => [name, String(free[index])])) as typeof ports;
});
afterEach(async () => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
  await waitFor('The end of all services', () => pids().every((pid) => !identify(pid)), { deadline: 30_000 });
  rmSync(folder, { recursive: true, force: true });
}, 40_000);

/** Runs a command of `stack/` as make does. */
function command(script: string, environment: Record<string, string> = {}) {
  const { ENV_FILE, DATABASE_URL, TEMPORAL_ADDRESS, REDIS_URL, SMTP_URL, MAKELEVEL, ...inherited } = process.env;
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../stack', script)], {
    cwd: folder,
    env: { ...inherited, ...ports, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  const ended = once(child, 'close').then(([code]) => code as number | null);
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (text) => {
    output.stdout += text;
  });
  child.stderr.on('data', (text) => {
    output.stderr += text;
  });
  return {
    child,
    output,
    exitCode: async () => within(60_000, ended),
    isOpen: () =>
      waitFor('The shop', () => output.stdout.includes('Crema is open.') || child.exitCode !== null, openDeadline),
  };
}

const dataDir = () => join(folder, '.data');
const pidFiles = () => (existsSync(runDirectory(dataDir())) ? readdirSync(runDirectory(dataDir())) : []);
/** Of every program and every guard. */
const pids = (): number[] =>
  pidFiles().flatMap((file) => {
    const { pid, guard } = JSON.parse(readFileSync(join(runDirectory(dataDir()), file), 'utf8'));
    return [pid, guard.pid];
  });
const pidOf = (name: string) => JSON.parse(readFileSync(join(runDirectory(dataDir()), `${name}.json`), 'utf8')).pid;

test('When a port is taken, then one sentence names it, who wants it and the variable, and nothing is started', async () => {
  const rival = createServer().listen(Number(ports.PORT), '127.0.0.1');
  try {
    const run = command('run.ts');

    expect(await run.exitCode()).toBe(1);
    expect(run.output.stderr).toMatch(
      new RegExp(
        `^Port ${ports.PORT}, for the API, is in use: choose another with the line \`PORT=\\d+\` in .env\\.\n$`,
      ),
    );
    expect(run.output.stdout).toBe('');
    expect(pidFiles()).toEqual([]);
  } finally {
    rival.close();
  }
});

test('When two are given the same port, then the sentence names both', async () => {
  const run = command('run.ts', { REDIS_PORT: ports.PORT });

  expect(await run.exitCode()).toBe(1);
  expect(run.output.stderr).toMatch(`Port ${ports.PORT}, for Redis, is also set for the API`);
});

test('When a line of .env is broken, then one sentence names the line and nothing is started', async () => {
  writeFileSync(join(folder, '.env'), 'CURRENCY=USD\nthis is no setting\n');

  const run = command('run.ts');

  expect(await run.exitCode()).toBe(1);
  expect(run.output.stderr).toMatch(/^Line 2 of \.env .*\n$/);
  expect(pidFiles()).toEqual([]);
});

test('When a setting has a wrong value, then the sentence names the variable', async () => {
  const run = command('run.ts', { MAIL_PORT: 'eighty' });

  expect(await run.exitCode()).toBe(1);
  expect(run.output.stderr).toContain('MAIL_PORT');
});

test('When no shop is open, then the demo says how to open one', async () => {
  const demo = command('demo.ts');

  expect(await demo.exitCode()).toBe(1);
  expect(demo.output.stderr).toBe(
    `No shop is open at http://127.0.0.1:${ports.PORT}: open one with \`make run\` in another terminal.\n`,
  );
});

test('When it fails half-way, then it says at what and nothing is left running', async () => {
  const [unused] = await leasePorts(1);

  const run = command('run.ts', { DATABASE_URL: `postgres://crema:crema@127.0.0.1:${unused}/crema` });

  expect(await run.exitCode()).toBe(1);
  expect(run.output.stderr).toMatch(/^The database could not be migrated: .*\n$/);
  expect(pidFiles()).toEqual([]);
}, 90_000);

test('When it is told to stop while it starts, then it stops and nothing is left running', async () => {
  const run = command('run.ts');
  await waitFor('The first service', () => pidFiles().length > 0, openDeadline);

  run.child.kill('SIGTERM');

  expect(await run.exitCode()).toBe(0);
  expect(pidFiles()).toEqual([]);
}, 90_000);

test('When the shop is open, then it shows where, the demo runs, and neither a second run nor a reset touches it', async () => {
  const run = command('run.ts');
  await run.isOpen();
  expect(run.output.stdout).toContain(`API docs         http://localhost:${ports.PORT}/docs`);

  const demo = command('demo.ts');
  expect([await demo.exitCode(), demo.output.stderr]).toEqual([0, '']);
  expect(demo.output.stdout).toMatch(/409 illegal_transition/);
  expect(demo.output.stdout.match(/order\.(placed|status_changed|cancelled) +[0-9a-f-]+:\d/g)).toHaveLength(6);

  for (const script of ['run.ts', 'reset.ts']) {
    const other = command(script);
    expect(await other.exitCode()).toBe(1);
    expect(other.output.stderr).toContain(`open`);
    expect(other.output.stderr).toContain(`process ${run.child.pid}`);
  }
  expect(identify(pidOf('postgres'))).toBeDefined();

  // As a terminal's Ctrl-C.
  run.child.kill('SIGINT');
  expect(await run.exitCode()).toBe(0);
  expect(pidFiles()).toEqual([]);

  const reset = command('reset.ts');
  expect(await reset.exitCode()).toBe(0);
  expect(existsSync(dataDir())).toBe(false);
}, 180_000);

test('When it is killed with kill -9, then all its processes end and the next run goes on with the same orders', async () => {
  const first = command('run.ts');
  await first.isOpen();
  const demo = command('demo.ts');
  expect(await demo.exitCode()).toBe(0);
  const left = pids();
  expect(left).toHaveLength(12);

  first.child.kill('SIGKILL');
  const second = command('run.ts');
  await second.isOpen();

  expect(left.filter((pid) => identify(pid))).toEqual([]);
  const again = command('demo.ts');
  expect(await again.exitCode()).toBe(0);
  // The number after the two orders of the first visit.
  expect(again.output.stdout).toContain('#3 ');

  // A part that dies takes the shop with it.
  process.kill(pidOf('worker'), 'SIGKILL');
  expect(await second.exitCode()).toBe(1);
  expect(second.output.stderr).toMatch(
    /^The process worker failed: it ended with SIGKILL \(.*worker\.log has more\)\.\n$/,
  );
  expect(pidFiles()).toEqual([]);
}, 240_000);
