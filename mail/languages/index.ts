import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Language } from './language.ts';

/** A language's file is named for its ISO 639 code: `pt.ts`. */
const named = /^([a-z]{2,3})[.]ts$/;

/**
 * Every language that the shop writes, by its ISO 639 code: one for each file of a folder.
 *
 * @param folder with files that each export their `language`
 */
export async function readLanguages(folder: string): Promise<ReadonlyMap<string, Language>> {
  const codes = readdirSync(folder).flatMap((file) => named.exec(file)?.[1] ?? []);
  const files = codes.toSorted().map(async (code) => {
    const { language }: { language: Language } = await import(join(folder, `${code}.ts`));
    return [code, language] as const;
  });
  return new Map(await Promise.all(files));
}

/** Spoken where nobody has asked for another one. */
const DEFAULT_LANGUAGE = 'en';

/** Every language that the shop writes, by its ISO 639 code. */
export const languages = await readLanguages(import.meta.dirname);

/** The words of the first of these languages that the shop writes, by ISO 639 code; else English. */
export function wordsIn(...codes: (string | null | undefined)[]): Language {
  const known = [...codes, DEFAULT_LANGUAGE].map((code) => languages.get(code ?? '')).find((found) => found);
  if (!known) throw new Error('The shop has lost its words.');
  return known;
}
