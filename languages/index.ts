import { en } from './en.ts';
import type { Language } from './language.ts';
import { pt } from './pt.ts';

/** All languages of emails and pages, by ISO 639 code. */
export const languages: ReadonlyMap<string, Language> = new Map(Object.entries({ en, pt }));

/** Returns the first language that exists. @param codes ISO 639 codes; English is returned if all are unknown */
export function wordsIn(...codes: (string | null | undefined)[]): Language {
  return codes.map((code) => languages.get(code ?? '')).find((found) => found) ?? en;
}
