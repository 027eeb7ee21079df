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

/** The working directory of the commands, with `.env` and `.data`. */
let folder: string;
let ports: Record<(typeof portVariables)[number], string>;
const running: ChildProcess[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'crema-run-'));
  // Without access to the folder, the user postgres would store its data elsewhere.
  chmodSync(folder, 0o755);
  const free = await leasePorts(portVariables.length);
  ports = Object.fromEntries(portVariables.map((name, index) => [name, String(free[index])])) as typeof ports;
});
afterEach(async () => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
  await waitFor('The end of all services', () => pids().every((pid) => !identify(pid)), { deadline: 30_000 });
  rmSync(folder, { recursive: true, force: true });
}, 40_000);

/** Starts a command of `stack/` as make does. */
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
/** Returns the process ids of every program and every guard. */
const pids = (): number[] =>
  pidFiles().flatMap((file) => {
    const { pid, guard } = JSON.parse(readFileSync(join(runDirectory(dataDir()), file), 'utf8'));
    return [pid, guard.pid];
  });
const pidOf = (name: string) => JSON.parse(readFileSync(join(runDirectory(dataDir()), `${name}.json`), 'utf8')).pid;

test('names a port in use, its purpose and its variable, and starts no process', async () => {
  const other = createServer().listen(Number(ports.PORT), '127.0.0.1');
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
    other.close();
  }
});

test('names both services that are set to the same port', async () => {
  const run = command('run.ts', { REDIS_PORT: ports.PORT });

  expect(await run.exitCode()).toBe(1);
  expect(run.output.stderr).toMatch(`Port ${ports.PORT}, for Redis, is also set for the API`);
});

test('names an invalid line of .env and starts no process', async () => {
  writeFileSync(join(folder, '.env'), 'CURRENCY=USD\nthis is no setting\n');

  const run = command('run.ts');

  expect(await run.exitCode()).toBe(1);
  expect(run.output.stderr).toMatch(/^Line 2 of \.env .*\n$/);
  expect(pidFiles()).toEqual([]);
});

test('names the variable of an invalid setting', async () => {
  const run = command('run.ts', { MAIL_PORT: 'eighty' });

  expect(await run.exitCode()).toBe(1);
  expect(run.output.stderr).toContain('MAIL_PORT');
});

test('prints how to open a shop if the demo finds no open shop', async () => {
  const demo = command('demo.ts');

  expect(await demo.exitCode()).toBe(1);
  expect(demo.output.stderr).toBe(
    `No shop is open at http://127.0.0.1:${ports.PORT}: open one with \`make run\` in another terminal.\n`,
  );
});

test('names the step that fails and stops all processes', async () => {
  const [unused] = await leasePorts(1);

  const run = command('run.ts', { DATABASE_URL: `postgres://crema:crema@127.0.0.1:${unused}/crema` });

  expect(await run.exitCode()).toBe(1);
  expect(run.output.stderr).toMatch(/^The database could not be migrated: .*\n$/);
  expect(pidFiles()).toEqual([]);
}, 90_000);

test('stops all processes on SIGTERM during the start', async () => {
  const run = command('run.ts');
  await waitFor('The first service', () => pidFiles().length > 0, openDeadline);

  run.child.kill('SIGTERM');

  expect(await run.exitCode()).toBe(0);
  expect(pidFiles()).toEqual([]);
}, 90_000);

test('opens a shop for the demo, and rejects a second run and a reset until it is stopped', async () => {
  const run = command('run.ts');
  await run.isOpen();
  expect(run.output.stdout).toMatch(
    /Crema is open\.\s+Storefront {7}http:\S+\/\s+Board {12}http:\S+\/board\s+Counter display/,
  );
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

  // The signal of Ctrl-C in a terminal.
  run.child.kill('SIGINT');
  expect(await run.exitCode()).toBe(0);
  expect(pidFiles()).toEqual([]);

  const reset = command('reset.ts');
  expect(await reset.exitCode()).toBe(0);
  expect(existsSync(dataDir())).toBe(false);
}, 180_000);

test('keeps its orders after kill -9, and stops when one of its processes dies', async () => {
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
  // The first demo placed orders 1 and 2.
  expect(again.output.stdout).toContain('#3 ');

  process.kill(pidOf('worker'), 'SIGKILL');
  expect(await second.exitCode()).toBe(1);
  expect(second.output.stderr).toMatch(
    /^The process worker failed: it ended with SIGKILL \(.*worker\.log has more\)\.\n$/,
  );
  expect(pidFiles()).toEqual([]);
}, 240_000);
