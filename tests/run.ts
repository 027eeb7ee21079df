import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { EVIDENCE_FOLDER } from './evidence/keep-on-failure.ts';
import { writeInstrumentedBundle } from './measure/instrumented-bundle.ts';
import { reportCoverage } from './measure/report.ts';
import { RUN_FOLDER, runFolder } from './measure/run-folder.ts';

// `make test` runs all tests in two passes (jest.config.js). The first pass measures the coverage of all its processes.
// `make test ONLY=pattern` runs the files whose path matches, without coverage. All other arguments go to Jest.

const root = resolve(import.meta.dirname, '..');
const selection = [process.env.ONLY ?? '', ...process.argv.slice(2)].filter(Boolean);
const measured = selection.length === 0 && !process.env.PASS;
const passes = measured ? ['together', 'alone'] : [process.env.PASS];
const run = mkdtempSync(join(tmpdir(), 'crema-test-'));
/** The number of runs whose evidence is kept. */
const KEPT_RUNS = 10;
const started = new Date().toISOString().replaceAll(':', '-');
const evidence = process.env[EVIDENCE_FOLDER] ?? join('.data/failed-tests', started);
deleteOldEvidence(resolve(root, '.data/failed-tests'));

interface JestResults {
  numPassedTests: number;
  numFailedTests: number;
  numRuntimeErrorTestSuites: number;
  testResults: FileResult[];
}

interface FileResult {
  name: string;
  status: string;
  /** The reason why the file could not run. */
  message: string;
  /** In ms since the epoch. */
  startTime: number;
  endTime: number;
  assertionResults: { fullName: string; status: string; failureMessages: string[] }[];
}

/** Deletes the evidence of all but the newest runs. */
function deleteOldEvidence(folder: string): void {
  const runs = existsSync(folder) ? readdirSync(folder).sort() : [];
  for (const old of runs.slice(0, -KEPT_RUNS)) rmSync(join(folder, old), { recursive: true, force: true });
}

/** The environment of a measured Jest, which all its processes inherit. */
const measuredEnvironment = () => ({
  ...process.env,
  NODE_V8_COVERAGE: runFolder(run).v8,
  NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import=${import.meta.resolve('./measure/preload.ts')}`,
  [RUN_FOLDER]: run,
});

let jest: ChildProcess | undefined;
let stopped = false;
// Jest receives Ctrl-C, too. Wait until its tear-down has stopped all services.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    stopped = true;
    if (signal === 'SIGTERM') jest?.kill(signal);
  });
}

const resultsOf = (pass: string | undefined) => join(run, `results-${pass}.json`);

/** Runs Jest and shows its output. */
function runJest(pass: string | undefined): Promise<number> {
  const script = join(root, 'node_modules/jest/bin/jest.js');
  const node = ['--disable-warning=ExperimentalWarning', '--experimental-vm-modules', script];
  const child = spawn(process.execPath, [...node, '--json', '--outputFile', resultsOf(pass), ...selection], {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...(measured && pass === 'together' ? measuredEnvironment() : process.env),
      [EVIDENCE_FOLDER]: evidence,
      ...(pass && { PASS: pass }),
    },
  });
  jest = child;
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code) => done(code ?? 1));
  });
}

/** Adds up the results of all passes. A pass without results counts as one failure. */
function readResults(): { passed: number; failed: number; files: FileResult[] } {
  const sum = { passed: 0, failed: 0, files: [] as FileResult[] };
  for (const file of passes.map(resultsOf)) {
    const results: JestResults = existsSync(file)
      ? JSON.parse(readFileSync(file, 'utf8'))
      : { numPassedTests: 0, numFailedTests: 0, numRuntimeErrorTestSuites: 1, testResults: [] };
    sum.passed += results.numPassedTests;
    sum.failed += results.numFailedTests + results.numRuntimeErrorTestSuites;
    sum.files.push(...results.testResults);
  }
  return sum;
}

/** The number of slowest files that are listed. */
const SLOWEST = 10;

/** The number of lines of each failure that are repeated. */
const FAILURE_LINES = 12;

function printSlowest(files: FileResult[]): void {
  const slowest = files
    .map(({ name, startTime, endTime }) => ({ file: relative(root, name), seconds: (endTime - startTime) / 1_000 }))
    .sort((one, other) => other.seconds - one.seconds)
    .slice(0, SLOWEST);
  console.log('\nThe slowest files:');
  for (const { file, seconds } of slowest) console.log(`${seconds.toFixed(1).padStart(8)} s  ${file}`);
}

/** Returns each failed test with the first lines of its message, or the message of a file that could not run. */
function failuresOf({ name, message, assertionResults }: FileResult): string[] {
  const file = relative(root, name);
  const failed = assertionResults.filter(({ status }) => status === 'failed');
  if (failed.length === 0) return [`${file}\n${firstLines(message)}`];
  return failed.map(({ fullName, failureMessages: [first = ''] }) => `${file}: ${fullName}\n${firstLines(first)}`);
}

/** Returns the first lines of a message, and always the line that names the folder of the evidence. */
function firstLines(message: string): string {
  const lines = stripVTControlCharacters(message)
    .split('\n')
    .filter((line) => line.trim() && !line.startsWith('    at '));
  const evidenceLine = lines.find((line) => line.startsWith('Evidence: '));
  const first = lines.filter((line) => line !== evidenceLine).slice(0, FAILURE_LINES);
  return [...first, ...(evidenceLine ? [evidenceLine] : [])].map((line) => `    ${line}`).join('\n');
}

/** Runs all passes. Returns a sentence for each fault of the run itself. */
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
const { passed, failed, files } = readResults();
rmSync(run, { recursive: true, force: true });
if (files.length > 1) printSlowest(files);
for (const fault of faults) console.error(fault);
// Failures are repeated at the end, because Jest prints them far above.
for (const failure of files.filter(({ status }) => status === 'failed').flatMap(failuresOf)) {
  console.error(`\nFailed: ${failure}`);
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = faults.length === 0 ? 0 : 1;
