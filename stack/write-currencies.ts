import { readFileSync, writeFileSync } from 'node:fs';
import { ConfigurationError } from '../config/environment.ts';
import { runCommand } from '../config/run-command.ts';

// `npm run currencies -- list-one.xml` writes domain/currencies.ts from list one of ISO 4217, which is published at SOURCE.

const SOURCE =
  'https://www.six-group.com/dam/download/financial-information/data-center/iso-currency/lists/list-one.xml';
const TARGET = 'domain/currencies.ts';
const CODES_A_LINE = 24;

await runCommand(async () => {
  const [file] = process.argv.slice(2);
  if (!file) throw new ConfigurationError(`Name a file as argument: list one of ISO 4217, from ${SOURCE}.`);
  const list = readFileSync(file, 'utf8');
  const published = /<ISO_4217 Pblshd="(\d{4}-\d{2}-\d{2})">/.exec(list)?.[1];
  const digitsOf = new Map(list.split('<CcyNtry>').slice(1).flatMap(readEntry));
  if (!published || digitsOf.size === 0) throw new ConfigurationError(`${file} is not list one of ISO 4217.`);
  writeFileSync(TARGET, write(published, digitsOf));
  console.log(`${TARGET}: ${digitsOf.size} currencies, published ${published}`);
});

/** Returns the code and digits of an entry, or undefined for territories and codes without minor units. */
function readEntry(entry: string): [string, number][] {
  const code = /<Ccy>([A-Z]{3})<\/Ccy>/.exec(entry)?.[1];
  const digits = /<CcyMnrUnts>(\d)<\/CcyMnrUnts>/.exec(entry)?.[1];
  return code && digits ? [[code, Number(digits)]] : [];
}

function write(published: string, digitsOf: ReadonlyMap<string, number>): string {
  const byDigits = Map.groupBy([...digitsOf.keys()].sort(), (code) => digitsOf.get(code) ?? 0);
  const groups = [...byDigits].sort(([one], [other]) => one - other);
  return `// Written by \`npm run currencies\` from list one of ISO 4217, which is published at
// ${SOURCE}

/** The publication date of this version of ISO 4217. */
export const ISO_4217_PUBLISHED = '${published}';

/** Currency codes by the number of digits of their minor units. */
export const codesByDigits: Readonly<Record<number, string>> = {
${groups.map(([digits, codes]) => `  ${digits}: \`${inLines(codes)}\`,`).join('\n')}
};
`;
}

function inLines(codes: readonly string[]): string {
  const lines = Map.groupBy(codes.entries(), ([index]) => Math.floor(index / CODES_A_LINE));
  return [...lines.values()].map((line) => line.map(([, code]) => code).join(' ')).join('\n    ');
}
