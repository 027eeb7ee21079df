import { execFile } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { EVIDENCE_FOLDER } from './evidence.ts';

const root = join(import.meta.dirname, '../..');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'crema-evidence-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a test file as `make test` does. */
function runTests(...args: string[]): Promise<{ code: number; output: string }> {
  const { PASS: _, ...inherited } = process.env;
  const env = { ...inherited, [EVIDENCE_FOLDER]: folder };
  return new Promise((resolve) => {
    const options = { cwd: root, env, timeout: 90_000 };
    execFile(process.execPath, ['tests/run.ts', ...args], options, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr }),
    );
  });
}

test('a failed test names the folder with its logs and its open workflows', async () => {
  const { code, output } = await runTests('--testRegex=failing[.]fixture[.]ts$');

  expect(code).toBe(1);
  const evidence = join(folder, 'evidence/failing.fixture.ts/1');
  expect(output).toContain(`Evidence: ${relative(root, evidence)}`);
  expect(output).toContain('\nFailed: tests/evidence/failing.fixture.ts: fails while an order is open\n');
  expect(output.slice(output.indexOf('\nFailed: '))).toMatch(
    /Expected: "delivered".*The milk is sour\.\n +Evidence: /s,
  );
  expect(output).toContain('\n0 passed, 2 failed\n');

  const files = globSync('**/*.{log,json}', { cwd: evidence });
  const read = (pattern: RegExp) =>
    readFileSync(join(evidence, files.find((file) => pattern.test(file)) ?? ''), 'utf8');
  expect(read(/^shop-\w+\/api\.log$/)).toContain('The API is open');
  expect(read(/^services\/temporal\.log$/)).toContain('Server');
  expect(read(/^workflows\/order-.*\.history\.json$/)).toContain('EVENT_TYPE_WORKFLOW_EXECUTION_STARTED');
  expect(JSON.parse(read(/^workflows\/order-.*\.pending\.json$/)).pendingWorkflowTask).toMatchObject({ attempt: 1 });
}, 120_000);
