import { globSync, readFileSync } from 'node:fs';
import { parseSync } from '@swc/core';
import { check } from 'recheck';
import { parse as parseYaml } from 'yaml';

// `npm run check:patterns`: regular expressions that match input from clients must take linear time (ReDoS).

/** Timeout for the analysis of one pattern, in ms. */
const TIMEOUT_MS = 60_000;

/** A finding counts only if Node takes longer than this, in ms, because the analysis reports false positives on a busy machine. */
const CONFIRMED_MS = 1_000;

/** A regular expression and its file. */
interface Pattern {
  file: string;
  source: string;
  flags: string;
}

const CODE = '{activities,api,config,db,domain,mail,worker,workflows}/**/*.ts';

/** The documents with the patterns of schemas, which the code builds only at run time. */
const DOCUMENTS = ['openapi.yaml', 'asyncapi.yaml'];

function* patternsOfCode(): Generator<Pattern> {
  for (const file of globSync(CODE)) {
    const program = parseSync(readFileSync(file, 'utf8'), { syntax: 'typescript', target: 'es2024' });
    for (const { type, pattern, flags } of objectsIn(program))
      if (type === 'RegExpLiteral') yield { file, source: String(pattern), flags: String(flags) };
  }
}

function* patternsOfDocuments(): Generator<Pattern> {
  for (const file of DOCUMENTS)
    for (const { pattern } of objectsIn(parseYaml(readFileSync(file, 'utf8'))))
      if (typeof pattern === 'string') yield { file, source: pattern, flags: 'u' };
}

/** Yields all objects within a value, including itself. */
function* objectsIn(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return;
  yield value as Record<string, unknown>;
  for (const inner of Object.values(value)) yield* objectsIn(inner);
}

const patterns = new Map(
  [...patternsOfCode(), ...patternsOfDocuments()].map((each) => [`/${each.source}/${each.flags}`, each]),
);
let faults = 0;
for (const [text, { file, source, flags }] of patterns) {
  const found = await check(source, flags, { timeout: TIMEOUT_MS, recallTimeout: CONFIRMED_MS });
  if (found.status === 'safe') continue;
  faults += 1;
  const why =
    found.status === 'unknown'
      ? `could not be analysed (${found.error.kind})`
      : `takes ${found.complexity.summary} time, for example with ${found.attack.pattern}`;
  console.error(`${file}: ${text} ${why}`);
}
console.log(`${patterns.size} patterns, ${faults} of them with faults`);
process.exitCode = faults > 0 ? 1 : 0;
