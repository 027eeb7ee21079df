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

/** The measured folders. A file that no process loaded counts as uncovered. */
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

/** The required coverage of lines and of branches, in percent. */
const threshold = 85;

/**
 * Adds up the coverage of all processes of a run, prints the files below 100 % and the sums, and writes `html` and `lcov`.
 *
 * @param root the repository
 * @param run the run's folder, see {@link runFolder}
 * @param output the folder for html and lcov
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

/** Returns the coverage of all measured files, as Istanbul's map. */
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

/** Returns V8's coverage by file, with one entry for each process that loaded it. */
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

/** Returns the JSON files of a folder. Skips incomplete files of processes that were killed while writing. */
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
 * Adds up V8's counts before it converts them, because each process reports different ranges for the same function, and converted
 * ranges cannot be matched.
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

/** Cuts the ranges at the end of the source, because Node appends a comment to a stripped module, but Jest does not. */
const clip = ({ functions }: Script, length: number): Script['functions'] =>
  functions.map((fn) => ({
    ...fn,
    ranges: fn.ranges.map((range) => ({ ...range, endOffset: Math.min(range.endOffset, length) })),
  }));

/**
 * Adds the sandbox's counts to V8's. Both describe the same stripped source in Istanbul's terms, so they are matched by
 * position.
 *
 * @throws if a position does not match, such as after an update of one of the tools
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

/** Returns a position without the last column, which the tools report differently. */
const placeOf = ({ start, end }: Range): string => `${start.line}:${start.column}-${end.line}`;

function keysByPlace<Entry>(entries: Record<string, Entry>, place: (entry: Entry) => string): Map<string, string> {
  return new Map(Object.entries(entries).map(([key, entry]) => [place(entry), key]));
}

function find(keys: Map<string, string>, place: string, { path }: FileCoverageData): string {
  const key = keys.get(place);
  if (key === undefined) throw new Error(`Coverage of ${path}: the sandbox counts ${place}, and V8 does not.`);
  return key;
}
