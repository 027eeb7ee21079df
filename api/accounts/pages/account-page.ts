import type { Language } from '../../../languages/language.ts';
import type { PageParts } from '../../http/pages/page.ts';

/** The fields of a form or of a query string. */
export type Fields = Record<string, string>;

export interface PageResponse extends PageParts {
  /** The HTTP status. Default: 200. */
  status?: number;
  headers?: Record<string, string>;
}

export interface Visitor {
  /** The language of the visitor's browser (ISO 639); undefined if the shop does not have it. */
  language: string | undefined;
  /** Returns the texts in this language, if given and available, else in the browser's language. */
  wordsFor(language?: string | null): Language;
}

/** The handlers of one page. A missing field is absent from `fields`. */
export interface AccountPage {
  get(fields: Fields, visitor: Visitor): Promise<PageResponse>;
  post(fields: Fields, visitor: Visitor): Promise<PageResponse>;
  /** Whether a POST has its fields in the query string. */
  hasFieldsInQuery?: boolean;
}
