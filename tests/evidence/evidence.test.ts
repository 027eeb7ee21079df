import { execFile } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { EVIDENCE_FOLDER } from './keep-on-failure.ts';

const root = join(import.meta.dirname, '../..');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'crema-evidence-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a test file as `make test` does. */
function runTests(...args: string[]): Promise<{ code: number; output: string }> {
  const { PASS: _, ONLY: __, ...inherited } = process.env;
  const env = { ...inherited, [EVIDENCE_FOLDER]: folder };
  return new Promise((resolve) => {
    const options = { cwd: root, env, timeout: 120_000 };
    execFile(process.execPath, ['tests/run.ts', ...args], options, (error, stdout, stderr) => {
      const code = error?.killed ? -1 : Number(error?.code ?? 0);
      resolve({ code, output: stdout + stderr });
    });
  });
}

test('a failed run ends, and names the folder with its logs and open workflows', async () => {
  const { code, output } = await runTests('--testRegex=failing[.]fixture[.]ts$');

  expect(code).toBe(1);
  const ofFile = join(folder, 'evidence/failing.fixture.ts');
  const [, ...failures] = output.split('\nFailed: tests/evidence/failing.fixture.ts: ');
  const folders = failures.map((failure) => failure.match(/Evidence: \S+/g));
  // The tests of a block share the failure of its hook, and so its folder.
  const expected = [1, 2, 3, 4, 4].map((count) => [`Evidence: ${relative(root, join(ofFile, String(count)))}`]);
  expect(folders).toEqual(expected);
  expect(failures[0]).toMatch(/^fails while an order is open\n.*Expected: "delivered"/s);
  expect(failures[2]).toMatch(/^fails by its timeout\n.*Exceeded timeout of 500 ms/s);
  expect(failures[4]).toMatch(/^a block fails with its hook: two\n.*The milk is sour\./s);
  expect(output).toContain('\n0 passed, 5 failed\n');
  expect(output).toContain('Jest did not end within 10 s, because a test has left a server or a timer open.');

  const evidence = join(ofFile, '1');
  const files = globSync('**/*.{log,json}', { cwd: evidence });
  const read = (pattern: RegExp) =>
    readFileSync(join(evidence, files.find((file) => pattern.test(file)) ?? ''), 'utf8');
  expect(read(/^shop-\w+\/api\.log$/)).toContain('The API is open');
  expect(read(/^services\/temporal\.log$/)).toContain('Server');
  expect(read(/^workflows\/order-.*\.history\.json$/)).toContain('EVENT_TYPE_WORKFLOW_EXECUTION_STARTED');
  expect(JSON.parse(read(/^workflows\/order-.*\.pending\.json$/)).pendingWorkflowTask).toMatchObject({ attempt: 1 });
}, 150_000);
