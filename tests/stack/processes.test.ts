import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runDirectory, runProcess, startProcess } from '../../stack/process/guarded-process.ts';
import { identify } from '../../stack/process/identity.ts';
import { stopLeftovers } from '../../stack/process/leftovers.ts';
import { waitFor } from '../../stack/wait.ts';

const waitsForEver = 'setInterval(() => {}, 1000)';
const deafToSigterm = `process.on('SIGTERM', () => {}); ${waitsForEver}`;
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
const isGone = (pid: number) => identify(pid) === undefined;

/** Starts a program from a process of its own, which can be killed. */
async function startElsewhere(script: string) {
  starter = spawn(process.execPath, [join(import.meta.dirname, 'starter.ts'), dataDir, script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = await once(starter.stdout!, 'data');
  const [child, guard] = String(line).trim().split(' ').map(Number);
  return { child: child!, guard: guard! };
}

test('When a program ends, then its exit code and its output are known', async () => {
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

test('When a program does not exist, then the error names it', async () => {
  const start = startProcess({ name: 'child', command: 'no-such-command', args: [] }, dataDir);

  await expect(start).rejects.toThrow('no-such-command could not be started');
});

test('When a program is deaf to the polite signal, then stop ends it after its grace', async () => {
  const child = await startProcess(
    { ...node(`${deafToSigterm}; console.log('ready')`), onLine: () => undefined },
    dataDir,
  );
  await waitFor('The child', () => readFileSync(child.log, 'utf8').includes('ready'), deadline);

  expect(await child.stop()).toEqual({ code: null, signal: 'SIGKILL' });
  expect(isGone(child.pid)).toBe(true);
});

test('When a program is sent a signal, then it has it at once, and not when its guard gets to it', async () => {
  const child = await startProcess(node(waitsForEver), dataDir);
  const { guard } = JSON.parse(readFileSync(join(runDirectory(dataDir), 'child.json'), 'utf8'));
  process.kill(guard.pid, 'SIGSTOP');

  child.kill('SIGSTOP');

  const state = () => execFileSync('ps', ['-o', 'stat=', '-p', String(child.pid)], { encoding: 'utf8' });
  await waitFor('A child that stands still', () => state().startsWith('T'), deadline);
  process.kill(guard.pid, 'SIGCONT');
  expect(await child.stop()).toMatchObject({ signal: 'SIGTERM' });
});

test('When a program runs past its deadline, then it is stopped and the answer is null', async () => {
  expect(await runProcess(node(waitsForEver), { dataDir, deadline: 100 })).toBeNull();
});

test('When a run is called off, then its program is stopped and the reason is thrown', async () => {
  const run = runProcess(node(waitsForEver), { dataDir, deadline: 10_000, signal: AbortSignal.timeout(300) });

  await expect(run).rejects.toThrow('timeout');
  expect(existsSync(join(runDirectory(dataDir), 'child.json'))).toBe(false);
});

test('When the starter is killed with kill -9, then its program ends', async () => {
  const { child, guard } = await startElsewhere(deafToSigterm);

  starter.kill('SIGKILL');

  await waitFor('The end of both', () => isGone(child) && isGone(guard), deadline);
});

test('When only the guard is killed, then the starter ends the program', async () => {
  const { child, guard } = await startElsewhere(waitsForEver);

  process.kill(guard, 'SIGKILL');

  await waitFor('The end of the child', () => isGone(child), deadline);
});

test('When starter and guard are both killed, then the next run stops the program and names it', async () => {
  const { child, guard } = await startElsewhere(waitsForEver);
  starter.kill('SIGKILL');
  process.kill(guard, 'SIGKILL');
  await waitFor('The end of the guard', () => isGone(guard), deadline);
  // Whichever of the two went first: when it was the guard, its starter may have had time to end the child.
  const orphan = !isGone(child);

  expect(await stopLeftovers(dataDir)).toEqual(orphan ? ['child'] : []);
  expect(isGone(child)).toBe(true);
});

test('When the id in a pid file belongs to another process by now, then that one is left alone', async () => {
  const stranger = spawn(process.execPath, ['-e', waitsForEver]);
  try {
    mkdirSync(runDirectory(dataDir));
    const file = join(runDirectory(dataDir), 'child.json');
    writeFileSync(file, JSON.stringify({ pid: stranger.pid, birth: 'earlier', name: 'child', stopSignal: 'SIGKILL' }));

    expect(await stopLeftovers(dataDir)).toEqual([]);
    expect(isGone(stranger.pid!)).toBe(false);
    expect(existsSync(file)).toBe(false);
  } finally {
    stranger.kill('SIGKILL');
  }
});

test('When a pid file is half written, then it is passed over', async () => {
  mkdirSync(runDirectory(dataDir));
  writeFileSync(join(runDirectory(dataDir), 'child.json'), '{"pid":');

  expect(await stopLeftovers(dataDir)).toEqual([]);
});
