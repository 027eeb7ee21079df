import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { writeInstrumentedBundle } from './measure/instrumented-bundle.ts';
import { reportCoverage } from './measure/report.ts';
import { RUN_FOLDER, runFolder } from './measure/run-folder.ts';

// `make test`: all tests, measured over every process they start; those that want the machine to themselves come last.
// `make test ONLY=pattern` runs the files whose path matches, unmeasured. More arguments are Jest's.

const root = resolve(import.meta.dirname, '..');
const selection = [process.env.ONLY ?? '', ...process.argv.slice(2)].filter(Boolean);
const measured = selection.length === 0 && !process.env.PASS;
const passes = measured ? ['together', 'alone'] : [process.env.PASS];
const run = mkdtempSync(join(tmpdir(), 'crema-test-'));

interface JestResults {
  numPassedTests: number;
  numFailedTests: number;
  numRuntimeErrorTestSuites: number;
  testResults: { name: string; status: string; assertionResults: { fullName: string; status: string }[] }[];
}

/** What Jest hands down to every process that a test starts. */
const measuredEnvironment = () => ({
  ...process.env,
  NODE_V8_COVERAGE: runFolder(run).v8,
  NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import=${import.meta.resolve('./measure/preload.ts')}`,
  [RUN_FOLDER]: run,
});

let jest: ChildProcess | undefined;
let stopped = false;
// Ctrl-C reaches Jest by itself, and its tear-down stops what the tests started: wait for it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    stopped = true;
    if (signal === 'SIGTERM') jest?.kill(signal);
  });
}

const resultsOf = (pass: string | undefined) => join(run, `results-${pass}.json`);

/** Runs Jest, its output streaming by. */
function runJest(pass: string | undefined): Promise<number> {
  const script = join(root, 'node_modules/jest/bin/jest.js');
  const node = ['--disable-warning=ExperimentalWarning', '--experimental-vm-modules', script];
  const child = spawn(process.execPath, [...node, '--json', '--outputFile', resultsOf(pass), ...selection], {
    cwd: root,
    stdio: 'inherit',
    env: { ...(measured ? measuredEnvironment() : process.env), ...(pass && { PASS: pass }) },
  });
  jest = child;
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code) => done(code ?? 1));
  });
}

/** What the passes came to; one that left no results counts as a failure. */
function readResults(): { passed: number; failed: number; failures: string[] } {
  const sum = { passed: 0, failed: 0, failures: [] as string[] };
  for (const file of passes.map(resultsOf)) {
    const results: JestResults = existsSync(file)
      ? JSON.parse(readFileSync(file, 'utf8'))
      : { numPassedTests: 0, numFailedTests: 0, numRuntimeErrorTestSuites: 1, testResults: [] };
    sum.passed += results.numPassedTests;
    sum.failed += results.numFailedTests + results.numRuntimeErrorTestSuites;
    sum.failures.push(...results.testResults.filter(({ status }) => status === 'failed').flatMap(failuresOf));
  }
  return sum;
}

/** Its failed tests, or the file itself where none of them was to blame. */
function failuresOf({ name, assertionResults }: JestResults['testResults'][number]): string[] {
  const file = relative(root, name);
  const failed = assertionResults.filter(({ status }) => status === 'failed');
  return failed.length > 0 ? failed.map(({ fullName }) => `${file}: ${fullName}`) : [file];
}

/** Runs everything and says what is wrong with it. */
async function runTests(): Promise<string[]> {
  if (measured) {
    const folder = runFolder(run);
    for (const path of [folder.v8, folder.workflows]) mkdirSync(path);
    await writeInstrumentedBundle(join(root, 'workflows/index.ts'), folder.bundle);
  }
  const faults: string[] = [];
  for (const pass of passes) {
    if (stopped) break;
    const code = await runJest(pass);
    if (code !== 0) faults.push(`Jest ended with code ${code}.`);
  }
  if (readResults().passed === 0) faults.push('No test ran.');
  if (measured) faults.push(...(await reportCoverage(root, run, join(root, 'coverage'))));
  return faults;
}

const faults = await runTests().catch((error: unknown) => [String((error as Error).stack ?? error)]);
const { passed, failed, failures } = readResults();
rmSync(run, { recursive: true, force: true });
for (const fault of faults) console.error(fault);
// Once more, for they may be far up.
for (const failure of failures) console.error(`Failed: ${failure}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = faults.length === 0 ? 0 : 1;
