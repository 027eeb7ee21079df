import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';

const module = join(import.meta.dirname, '../../config/logger.ts');

/** Returns a program that writes two lines and then runs more code. */
const program = (code: string) => [
  '--input-type=module-typescript',
  '--eval',
  `import { createLogger } from ${JSON.stringify(module)};
   const logger = createLogger('test', 'info');
   logger.info('first');
   logger.info('second');
   ${code}`,
];

test.each([
  ['ends by itself', ''],
  ['calls exit', 'process.exit(0);'],
])('flushes the last lines of a process that %s', async (_, code) => {
  const { stdout } = await promisify(execFile)(process.execPath, program(code));
  expect(
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).msg),
  ).toEqual(['first', 'second']);
});

test('flushes the last lines of a process that fails', async () => {
  const failed = promisify(execFile)(process.execPath, program('throw new Error("broken");'));
  await expect(failed).rejects.toMatchObject({ stdout: expect.stringContaining('second') });
});

test('flushes the lines of a running process soon', async () => {
  const running = spawn(process.execPath, program('setInterval(() => {}, 1_000);'), {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  try {
    const [chunk] = await once(running.stdout, 'data', { signal: AbortSignal.timeout(25_000) });
    expect(String(chunk)).toContain('second');
  } finally {
    running.kill();
  }
});

test('escapes line separators in a text', async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    program(String.raw`logger.info({ note: 'a\u2028b\u2029c\u0085d\nana@example.com' }, 'third');`),
  );
  expect(stdout).not.toMatch(/[\u0085\u2028\u2029]/);
  const [line = ''] = stdout.trim().split('\n').slice(-1);
  expect(JSON.parse(line)).toMatchObject({ msg: 'third', note: 'a\u2028b\u2029c\u0085d\n[email]' });
});
