import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { writeInstrumentedBundle } from './measure/instrumented-bundle.ts';
import { reportCoverage } from './measure/report.ts';
import { RUN_FOLDER, runFolder } from './measure/run-folder.ts';

// `make test`: all tests, measured over every process they start. `make test ONLY=pattern` runs the files whose path
// matches, unmeasured. More arguments are Jest's.

const root = resolve(import.meta.dirname, '..');
const selection = [process.env.ONLY ?? '', ...process.argv.slice(2)].filter(Boolean);
const measured = selection.length === 0;
const run = mkdtempSync(join(tmpdir(), 'crema-test-'));
const results = join(run, 'results.json');

interface JestResults {
  numPassedTests: number;
  numFailedTests: number;
  numRuntimeErrorTestSuites: number;
}

/** What Jest hands down to every process that a test starts. */
const measuredEnvironment = () => ({
  ...process.env,
  NODE_V8_COVERAGE: runFolder(run).v8,
  NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import=${import.meta.resolve('./measure/preload.ts')}`,
  [RUN_FOLDER]: run,
});

/** Runs Jest, its output streaming by. */
function runJest(): Promise<number> {
  const jest = join(root, 'node_modules/jest/bin/jest.js');
  const node = ['--disable-warning=ExperimentalWarning', '--experimental-vm-modules', jest];
  const child = spawn(process.execPath, [...node, '--json', '--outputFile', results, ...selection], {
    cwd: root,
    stdio: 'inherit',
    env: measured ? measuredEnvironment() : process.env,
  });
  // Ctrl-C reaches Jest by itself, and its tear-down stops what the tests started: wait for it.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code) => done(code ?? 1));
  });
}

function readResults(): JestResults | undefined {
  return existsSync(results) ? JSON.parse(readFileSync(results, 'utf8')) : undefined;
}

/** Runs everything and says what is wrong with it. */
async function runTests(): Promise<string[]> {
  if (measured) {
    const folder = runFolder(run);
    for (const path of [folder.v8, folder.workflows]) mkdirSync(path);
    await writeInstrumentedBundle(join(root, 'workflows/index.ts'), folder.bundle);
  }
  const code = await runJest();
  const faults = code === 0 ? [] : [`Jest ended with code ${code}.`];
  if (readResults()?.numPassedTests === 0) faults.push('No test ran.');
  if (measured) faults.push(...(await reportCoverage(root, run, join(root, 'coverage'))));
  return faults;
}

const faults = await runTests().catch((error: unknown) => [String((error as Error).stack ?? error)]);
const outcome = readResults() ?? { numPassedTests: 0, numFailedTests: 0, numRuntimeErrorTestSuites: 1 };
rmSync(run, { recursive: true, force: true });
for (const fault of faults) console.error(fault);
console.log(`${outcome.numPassedTests} passed, ${outcome.numFailedTests + outcome.numRuntimeErrorTestSuites} failed`);
process.exitCode = faults.length === 0 ? 0 : 1;
