import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { stringify } from 'csv-stringify/sync';
import { ConfigurationError } from '../config/environment.ts';
import { createOptionGroupRepository } from '../db/option-groups.ts';
import { createProductRepository } from '../db/products.ts';
import { optionGroupAsOf } from '../domain/catalog/option-group.ts';
import { productAsOf } from '../domain/catalog/product.ts';
import type { Command } from './command.ts';
import { COLUMNS, writeRows } from './menu/rows.ts';

/** Writes the items on sale to a file or to standard output, in the format that `import-menu` reads. */
export const exportMenu: Command = {
  usage: 'export-menu [<file.csv>]',
  async run(args, { database }) {
    const [path, ...more] = parseArgs({ args, allowPositionals: true }).positionals;
    if (more.length > 0) throw new ConfigurationError('Give at most one file.');
    // Products are read first, so that a group that is added meanwhile cannot be missing.
    const products = await createProductRepository(database).list({ includeDeleted: false });
    const groups = await createOptionGroupRepository(database).list({ includeDeleted: true });
    const now = new Date().toISOString();
    const rows = writeRows(
      groups.map((group) => optionGroupAsOf(group, now)),
      products.map((product) => productAsOf(product, now)),
    );
    // Spreadsheets read a file as UTF-8 only with a byte order mark.
    const csv = stringify([[...COLUMNS], ...rows], { bom: true, record_delimiter: 'windows' });
    if (path === undefined) process.stdout.write(csv);
    else await writeFile(path, csv);
    console.error(`Exported ${rows.length} rows.`);
  },
};
