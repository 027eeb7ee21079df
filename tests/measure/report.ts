import { globSync, readdirSync, readFileSync } from 'node:fs';
import type { Profiler } from 'node:inspector';
import { join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { mergeScriptCovs } from '@bcoe/v8-coverage';
import { parse } from 'acorn';
import { convert } from 'ast-v8-to-istanbul';
import istanbulCoverage, { type CoverageMap, type FileCoverageData, type Range } from 'istanbul-lib-coverage';
import istanbulReport from 'istanbul-lib-report';
import istanbulReports from 'istanbul-reports';
import { runFolder } from './run-folder.ts';
import { stripTypes } from './strip-types.ts';

type Script = Profiler.ScriptCoverage;

/** The folders whose code is measured; in them a file that no process loaded counts as uncovered. */
const folders = [
  'activities',
  'api',
  'config',
  'db',
  'domain',
  'languages',
  'mail',
  'manage',
  'stack',
  'webhooks',
  'worker',
  'workflows',
];

/** Percent of the lines and of the branches that must have run. */
const threshold = 85;

/**
 * Adds up what all processes of a run executed, prints the files below 100 % and the sums, and writes `html` and `lcov`.
 *
 * @param root the repository
 * @param run the run's folder, see {@link runFolder}
 * @param output where html and lcov go
 * @returns a sentence for each threshold that is missed
 */
export async function reportCoverage(root: string, run: string, output: string): Promise<string[]> {
  const map = await measure(root, run);
  const context = istanbulReport.createContext({ dir: output, coverageMap: map, defaultSummarizer: 'flat' });
  for (const report of [
    istanbulReports.create('text', { skipFull: true, maxCols: 120 }),
    istanbulReports.create('text-summary'),
    istanbulReports.create('html'),
    istanbulReports.create('lcovonly'),
  ]) {
    report.execute(context);
  }
  const { lines, branches } = map.getCoverageSummary();
  return Object.entries({ lines, branches })
    .filter(([, { pct }]) => pct < threshold)
    .map(([what, { pct }]) => `Coverage of ${what} is ${pct} %, below the ${threshold} % that must be covered.`);
}

/** What ran of every measured file, as Istanbul's map. */
async function measure(root: string, run: string): Promise<CoverageMap> {
  const folder = runFolder(run);
  const scripts = readScripts(folder.v8, root);
  const sandboxes = readJson<Record<string, FileCoverageData>>(folder.workflows);
  const map = istanbulCoverage.createCoverageMap();
  for (const file of globSync(`{${folders.join(',')}}/**/*.ts`, { cwd: root }).sort()) {
    const path = join(root, file);
    const counts = await convertScripts(path, scripts.get(path) ?? []);
    if (!counts) continue;
    for (const sandbox of sandboxes) if (sandbox[path]) addCounts(counts, sandbox[path]);
    map.addFileCoverage(counts);
  }
  return map;
}

/** What V8 saw, by file: one entry for each time that a process loaded it. */
function readScripts(folder: string, root: string): Map<string, Script[]> {
  const scripts = new Map<string, Script[]>();
  for (const { result } of readJson<{ result: Script[] }>(folder)) {
    for (const script of result) {
      if (!script.url.startsWith('file:')) continue;
      const path = fileURLToPath(script.url.replace(/[?#].*$/, ''));
      if (!folders.includes(relative(root, path).split(sep, 1)[0] ?? '')) continue;
      scripts.set(path, [...(scripts.get(path) ?? []), script]);
    }
  }
  return scripts;
}

/** The JSON files of a folder that are whole; a process killed while it wrote leaves half of one. */
function readJson<Content>(folder: string): Content[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => {
      try {
        return [JSON.parse(readFileSync(join(folder, name), 'utf8'))];
      } catch {
        console.warn(`Coverage file ${name} is broken and left out.`);
        return [];
      }
    });
}

/**
 * Adds up the raw counts before it converts them: each process reports other ranges for the same function, and ranges
 * that were converted one by one could not be told to be the same.
 */
async function convertScripts(path: string, scripts: Script[]): Promise<FileCoverageData | undefined> {
  const code = stripTypes(readFileSync(path, 'utf8'));
  const url = pathToFileURL(path).href;
  const whole = { startOffset: 0, endOffset: code.length, count: 0 };
  const unloaded = {
    scriptId: '',
    url,
    functions: [{ functionName: '', ranges: [whole], isBlockCoverage: true }],
  };
  const loaded = scripts.map((script) => ({ ...script, url, functions: clip(script, code.length) }));
  const converted = await convert({
    code,
    ast: parse(code, { ecmaVersion: 'latest', sourceType: 'module' }) as never,
    coverage: mergeScriptCovs([unloaded, ...loaded]) ?? unloaded,
  });
  return Object.values(converted)[0] as FileCoverageData | undefined;
}

/** Node appends a comment to what it has stripped and Jest does not, so the ends of the same module differ. */
const clip = ({ functions }: Script, length: number): Script['functions'] =>
  functions.map((fn) => ({
    ...fn,
    ranges: fn.ranges.map((range) => ({ ...range, endOffset: Math.min(range.endOffset, length) })),
  }));

/**
 * Adds the sandbox's counts to V8's. Both describe the same stripped source in Istanbul's terms, so what stands at the
 * same place is the same thing.
 *
 * @throws when it is not: then one of the tools has changed its mind about what a statement or a branch is
 */
function addCounts(counts: FileCoverageData, sandbox: FileCoverageData): void {
  const statements = keysByPlace(counts.statementMap, placeOf);
  for (const [key, range] of Object.entries(sandbox.statementMap)) {
    counts.s[find(statements, placeOf(range), counts)]! += sandbox.s[key] ?? 0;
  }
  const functions = keysByPlace(counts.fnMap, ({ loc }) => placeOf(loc));
  for (const [key, { loc }] of Object.entries(sandbox.fnMap)) {
    counts.f[find(functions, placeOf(loc), counts)]! += sandbox.f[key] ?? 0;
  }
  const branches = keysByPlace(counts.branchMap, ({ type, loc }) => type + placeOf(loc));
  for (const [key, { type, loc }] of Object.entries(sandbox.branchMap)) {
    const arms = counts.b[find(branches, type + placeOf(loc), counts)]!;
    for (const [arm, count] of (sandbox.b[key] ?? []).entries()) arms[arm] = (arms[arm] ?? 0) + count;
  }
}

/** Without the last column, for which one of the tools says "to the end of the line". */
const placeOf = ({ start, end }: Range): string => `${start.line}:${start.column}-${end.line}`;

function keysByPlace<Entry>(entries: Record<string, Entry>, place: (entry: Entry) => string): Map<string, string> {
  return new Map(Object.entries(entries).map(([key, entry]) => [place(entry), key]));
}

function find(keys: Map<string, string>, place: string, { path }: FileCoverageData): string {
  const key = keys.get(place);
  if (key === undefined) throw new Error(`Coverage of ${path}: the sandbox counts ${place}, which V8 does not know.`);
  return key;
}
