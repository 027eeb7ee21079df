import type { Language } from '../../mail/languages/language.ts';
import type { PageParts } from '../http/pages/page.ts';

/** What the address or the form says, by name. */
export type Values = Record<string, string>;

/** A page as it is shown. */
export interface Shown extends PageParts {
  /** Default: 200. */
  status?: number;
  headers?: Record<string, string>;
}

/** The person in front of a page, as far as their browser describes them. */
export interface Visitor {
  /** ISO 639: the language of their browser, if the shop writes it. */
  language: string | undefined;
  /** The words for them. @param theirs the language of the person, where it is known */
  wordsFor(theirs?: string | null): Language;
}

/** A page: what is shown, and what its form does. A form that nobody has filled in yet is empty. */
export interface PageHandlers {
  get(values: Values, visitor: Visitor): Promise<Shown>;
  post(values: Values, visitor: Visitor): Promise<Shown>;
  /** What is posted here says nothing besides the address. */
  postsAddress?: boolean;
}
