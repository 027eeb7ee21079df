import { readFileSync, writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import type { DocumentedShop } from './openapi.ts';

/** The shop of the documents in the repository: one with default settings. */
export const SHOP: DocumentedShop = { name: 'Crema', currency: 'USD', publicUrl: 'http://localhost:5000' };

/**
 * Writes a generated document or, with `--check` on the command line, fails if the file is outdated.
 *
 * @param command the command that writes the file
 */
export function writeOrCheck(file: string, document: object, command: string): void {
  const text = stringify(document, { aliasDuplicateObjects: false });
  if (!process.argv.includes('--check')) {
    writeFileSync(file, text);
  } else if (readFileSync(file, 'utf8') !== text) {
    console.error(`${file} is outdated. Run \`${command}\` and commit it.`);
    process.exitCode = 1;
  }
}
