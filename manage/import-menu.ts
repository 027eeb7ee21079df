import { parseArgs } from 'node:util';
import { ConfigurationError } from '../config/environment.ts';
import { createCatalogView } from '../db/catalog-view.ts';
import type { Database } from '../db/connection.ts';
import { readNameKeys } from '../db/name-keys.ts';
import { createOptionGroupRepository } from '../db/option-groups.ts';
import { createProductRepository } from '../db/products.ts';
import { transact } from '../db/transaction.ts';
import { otherCurrency } from '../domain/catalog/other-currency.ts';
import { cut, toPlainLine } from '../domain/text.ts';
import type { Command } from './command.ts';
import { type Fault, readCsv } from './menu/csv.ts';
import { describePlanned } from './menu/describe.ts';
import { planImport } from './menu/plan.ts';
import { COLUMNS, type MenuRow, readRows } from './menu/rows.ts';

/** Creates and updates the items of a CSV file in one transaction. A file with faults changes nothing. */
export const importMenu: Command = {
  usage: 'import-menu <file.csv> [--dry-run]',
  async run(args, { database, currency }) {
    const { values, positionals } = parseArgs({
      args,
      options: { 'dry-run': { type: 'boolean', default: false } },
      allowPositionals: true,
    });
    const [path, ...more] = positionals;
    if (path === undefined || more.length > 0) throw new ConfigurationError('Give one CSV file.');
    const isDryRun = values['dry-run'];
    for (const line of await importFile(database, path, { currency, isDryRun })) console.log(line);
    if (isDryRun) console.log('This was a dry run: nothing has changed.');
  },
};

/**
 * Imports a file, unless it has faults or the import is a dry run. Returns a line for each change, and their number.
 *
 * @throws {ConfigurationError} with all faults of the file
 */
export async function importFile(
  database: Database,
  path: string,
  { currency, isDryRun }: Pick<Import, 'currency' | 'isDryRun'>,
): Promise<string[]> {
  const csv = await readCsv(path, COLUMNS);
  const { rows, faults } = readRows(csv.rows, currency);
  faults.push(...csv.faults);
  return transact(database, async (transaction) => {
    const plan = await importRows(transaction, { rows, faults: [...faults], currency, isDryRun });
    if (plan.faults.length > 0) throw new ConfigurationError(describeFaults(path, plan.faults));
    return plan.lines;
  });
}

interface Import {
  rows: readonly MenuRow[];
  faults: Fault[];
  currency: string;
  isDryRun: boolean;
}

/** Plans an import and, unless it has faults or is a dry run, saves it. Returns what changes. */
async function importRows(transaction: Database, { rows, faults, currency, isDryRun }: Import) {
  const mismatch = otherCurrency(currency, await createCatalogView(transaction).currencies());
  if (mismatch) throw new ConfigurationError(mismatch);
  // Changes by the API wait before they read what they change, because this mode conflicts with row locks, too. Plain
  // reads do not wait. Groups are locked before products, as by the API, so that the locks do not deadlock.
  await transaction.raw('LOCK TABLE option_groups, products IN EXCLUSIVE MODE');
  const [groups, products] = [createOptionGroupRepository(transaction), createProductRepository(transaction)];
  const all = { includeDeleted: true };
  const menu = { groups: await groups.list(all), products: await products.list(all) };
  const keyOf = await readNameKeys(transaction, namesIn(rows, menu));
  const plan = planImport(rows, menu, { currency, now: new Date().toISOString(), keyOf, faults });
  if (faults.length === 0 && !isDryRun) {
    for (const { before, after } of plan.groups) if (after !== before) await groups.save(after);
    for (const { before, after } of plan.products) if (after !== before) await products.save(after);
  }
  const changes = [...describePlanned('option group', plan.groups), ...describePlanned('product', plan.products)];
  const unchanged = plan.groups.length + plan.products.length - changes.length;
  return {
    faults,
    lines: [...changes, `Products and option groups: ${changes.length} new or changed, ${unchanged} unchanged.`],
  };
}

type Named = { name: string };

/** Returns the names that an import compares. */
function* namesIn(
  rows: readonly MenuRow[],
  menu: { groups: (Named & { options: Named[] })[]; products: (Named & { variations: Named[] })[] },
): Generator<string> {
  for (const row of rows) {
    yield row.name;
    if ('parent' in row) yield row.parent;
    if (row.kind === 'product') for (const { name } of row.optionGroups ?? []) yield name;
  }
  for (const { name, options } of menu.groups) yield* [name, ...options.map((option) => option.name)];
  for (const { name, variations } of menu.products) yield* [name, ...variations.map((variation) => variation.name)];
}

function describeFaults(path: string, faults: readonly Fault[]): string {
  const sorted = faults.toSorted((one, other) => one.line - other.line);
  // Details quote the file, which may contain control characters and very long cells.
  const printed = sorted.map(({ line, detail }) => `  line ${line}: ${cut(toPlainLine(detail), 300)}`);
  const count = sorted.length === 1 ? '1 fault' : `${sorted.length} faults`;
  return [`${path} has ${count}, so nothing has changed:`, ...printed].join('\n');
}
