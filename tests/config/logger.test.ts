import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';

const module = join(import.meta.dirname, '../../config/logger.ts');

/** A process that writes two lines, and what it does then. */
const program = (then: string) => [
  '--input-type=module-typescript',
  '--eval',
  `import { createLogger } from ${JSON.stringify(module)};
   const logger = createLogger('test', 'info');
   logger.info('first');
   logger.info('second');
   ${then}`,
];

test.each([
  ['has nothing left to do', ''],
  ['exits', 'process.exit(0);'],
])('When a process %s, then its last lines are written', async (_, then) => {
  const { stdout } = await promisify(execFile)(process.execPath, program(then));
  expect(
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).msg),
  ).toEqual(['first', 'second']);
});

test('When a process fails, then its last lines are written', async () => {
  const failed = promisify(execFile)(process.execPath, program('throw new Error("broken");'));
  await expect(failed).rejects.toMatchObject({ stdout: expect.stringContaining('second') });
});

test('When a process goes on, then what it has logged is soon written', async () => {
  const running = spawn(process.execPath, program('setInterval(() => {}, 1_000);'), {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  try {
    const [chunk] = await once(running.stdout, 'data', { signal: AbortSignal.timeout(10_000) });
    expect(String(chunk)).toContain('second');
  } finally {
    running.kill();
  }
});

test('When a text in the log holds line separators, then its line is one line to every reader', async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    program(String.raw`logger.info({ note: 'a\u2028b\u2029c\u0085d\nana@example.com' }, 'third');`),
  );
  expect(stdout).not.toMatch(/[\u0085\u2028\u2029]/);
  const [line = ''] = stdout.trim().split('\n').slice(-1);
  expect(JSON.parse(line)).toMatchObject({ msg: 'third', note: 'a\u2028b\u2029c\u0085d\n[email]' });
});
