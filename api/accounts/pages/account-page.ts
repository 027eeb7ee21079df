import type { Language } from '../../../languages/language.ts';
import { type Field, form } from '../../http/pages/form.ts';
import { noticeParts, type PageParts } from '../../http/pages/page.ts';

/** The fields of a form or of a query string. */
export type Fields = Record<string, string>;

export interface PageResponse extends PageParts {
  /** The HTTP status. Default: 200. */
  status?: number;
  headers?: Record<string, string>;
}

export interface Visitor {
  /** The language of the visitor's browser (ISO 639); undefined if Crema has no texts in it. */
  language: string | undefined;
  /** Returns the texts in this language if given and available, otherwise in the browser's, otherwise in the shop's. */
  wordsFor(language?: string | null): Language;
}

/** The handlers of one page. `fields` contains only the fields that were sent. */
export interface AccountPage {
  get(fields: Fields, visitor: Visitor): Promise<PageResponse>;
  post(fields: Fields, visitor: Visitor): Promise<PageResponse>;
  /** Whether a POST has its fields in the query string instead of the body. */
  hasFieldsInQuery?: boolean;
}

/** Returns a page with a form. The HTTP status is 400 if a field has a fault. */
export function formPage(
  words: Language,
  { title, button }: { title: string; button: string },
  action: string,
  { fields, hidden = {} }: { fields: Field[]; hidden?: Record<string, string> },
): PageResponse {
  const refused = fields.some(({ fault }) => fault);
  return { words, status: refused ? 400 : 200, refused, title, content: form(action, { fields, hidden, button }) };
}

export const addressField = ({ pages }: Language) =>
  ({ name: 'email', label: pages.fields.email, type: 'email', autocomplete: 'username' }) as const;

/** @param page the URL of the link "Try again" */
export const unavailablePage = (words: Language, page: string): PageResponse => ({
  status: 503,
  ...noticeParts(words, words.pages.problems[503], [words.pages.links.tryAgain, page]),
});

export const withToken = (page: string, token: string | undefined): string =>
  token ? `${page}?${new URLSearchParams({ token })}` : page;
