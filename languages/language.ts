import type { en } from './en.ts';

/** All texts in one language. `en.ts` defines the texts that each language must have. */
export type Language = typeof en;

/** The texts of the account pages and the sign-in pages. */
export type PageWords = Language['pages'];

/** The texts of a page without a form. */
export interface Notice {
  title: string;
  paragraphs: string[];
}
