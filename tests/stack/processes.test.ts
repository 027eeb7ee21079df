import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runDirectory, runProcess, startProcess } from '../../stack/process/guarded-process.ts';
import { identify } from '../../stack/process/identity.ts';
import { stopLeftovers } from '../../stack/process/leftovers.ts';
import { waitFor } from '../../stack/wait.ts';

const runsForever = 'setInterval(() => {}, 1000)';
const ignoresSigterm = `process.on('SIGTERM', () => {}); ${runsForever}`;
const deadline = { deadline: 10_000 };

let dataDir: string;
let starter: ChildProcess;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'crema-processes-'));
});
afterEach(() => {
  starter?.kill('SIGKILL');
  rmSync(dataDir, { recursive: true, force: true });
});

const node = (script: string) => ({ name: 'child', command: process.execPath, args: ['-e', script], grace: 500 });
const hasEnded = (pid: number) => identify(pid) === undefined;

/** Starts a program from another process, which can be killed. */
async function startElsewhere(script: string) {
  starter = spawn(process.execPath, [join(import.meta.dirname, 'starter.ts'), dataDir, script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = await once(starter.stdout!, 'data');
  const [child, guard] = String(line).trim().split(' ').map(Number);
  return { child: child!, guard: guard! };
}

test('returns the exit code and the output of a program that ends', async () => {
  const lines: string[] = [];
  const child = await startProcess(
    { ...node(`console.log('one'); console.error('two'); process.exitCode = 3`), onLine: (line) => lines.push(line) },
    dataDir,
  );

  expect(await child.exited).toEqual({ code: 3, signal: null });
  expect(lines.sort()).toEqual(['one', 'two']);
  expect(readFileSync(child.log, 'utf8')).toContain('two');
  expect(existsSync(join(runDirectory(dataDir), 'child.json'))).toBe(false);
});

test('names a program that does not exist', async () => {
  const start = startProcess({ name: 'child', command: 'no-such-command', args: [] }, dataDir);

  await expect(start).rejects.toThrow('no-such-command could not be started');
});

test('kills a program that ignores SIGTERM, after its grace period', async () => {
  const child = await startProcess(
    { ...node(`${ignoresSigterm}; console.log('ready')`), onLine: () => undefined },
    dataDir,
  );
  await waitFor('The child', () => readFileSync(child.log, 'utf8').includes('ready'), deadline);

  expect(await child.stop()).toEqual({ code: null, signal: 'SIGKILL' });
  expect(hasEnded(child.pid)).toBe(true);
});

test('sends a signal directly to the program, not through its guard', async () => {
  const child = await startProcess(node(runsForever), dataDir);
  const { guard } = JSON.parse(readFileSync(join(runDirectory(dataDir), 'child.json'), 'utf8'));
  process.kill(guard.pid, 'SIGSTOP');

  child.kill('SIGSTOP');

  const state = () => execFileSync('ps', ['-o', 'stat=', '-p', String(child.pid)], { encoding: 'utf8' });
  await waitFor('The frozen child', () => state().startsWith('T'), deadline);
  process.kill(guard.pid, 'SIGCONT');
  expect(await child.stop()).toMatchObject({ signal: 'SIGTERM' });
});

test('stops a program at its deadline and returns null', async () => {
  expect(await runProcess(node(runsForever), { dataDir, deadline: 100 })).toBeNull();
});

test('stops a program when the signal aborts, and throws the reason', async () => {
  const run = runProcess(node(runsForever), { dataDir, deadline: 10_000, signal: AbortSignal.timeout(300) });

  await expect(run).rejects.toThrow('timeout');
  expect(existsSync(join(runDirectory(dataDir), 'child.json'))).toBe(false);
});

test('stops a program whose starter was killed with kill -9', async () => {
  const { child, guard } = await startElsewhere(ignoresSigterm);

  starter.kill('SIGKILL');

  await waitFor('The end of both', () => hasEnded(child) && hasEnded(guard), deadline);
});

test('stops a program whose guard was killed', async () => {
  const { child, guard } = await startElsewhere(runsForever);

  process.kill(guard, 'SIGKILL');

  await waitFor('The end of the child', () => hasEnded(child), deadline);
});

test('stops a program in the next run if its starter and its guard were both killed', async () => {
  const { child, guard } = await startElsewhere(runsForever);
  starter.kill('SIGKILL');
  process.kill(guard, 'SIGKILL');
  await waitFor('The end of the guard', () => hasEnded(guard), deadline);
  // If the guard ended first, the starter may have killed the child before its own end.
  const orphan = !hasEnded(child);

  expect(await stopLeftovers(dataDir)).toEqual(orphan ? ['child'] : []);
  expect(hasEnded(child)).toBe(true);
});

test('does not stop another process that has the id of a pid file now', async () => {
  const other = spawn(process.execPath, ['-e', runsForever]);
  try {
    mkdirSync(runDirectory(dataDir));
    const file = join(runDirectory(dataDir), 'child.json');
    writeFileSync(file, JSON.stringify({ pid: other.pid, birth: 'earlier', name: 'child', stopSignal: 'SIGKILL' }));

    expect(await stopLeftovers(dataDir)).toEqual([]);
    expect(hasEnded(other.pid!)).toBe(false);
    expect(existsSync(file)).toBe(false);
  } finally {
    other.kill('SIGKILL');
  }
});

test('ignores an incomplete pid file', async () => {
  mkdirSync(runDirectory(dataDir));
  writeFileSync(join(runDirectory(dataDir), 'child.json'), '{"pid":');

  expect(await stopLeftovers(dataDir)).toEqual([]);
});
