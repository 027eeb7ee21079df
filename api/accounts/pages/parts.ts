import type { Language } from '../../../languages/language.ts';
import { type Field, form } from '../../http/pages/form.ts';
import { noticeParts } from '../../http/pages/page.ts';
import type { PageResponse } from './account-page.ts';

/** A page with a form. Its status is 400 if a field has a fault. */
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

/** @param page the URL for "Try again" */
export const unavailablePage = (words: Language, page: string): PageResponse => ({
  status: 503,
  ...noticeParts(words, words.pages.problems[503], [words.pages.links.tryAgain, page]),
});

export const withToken = (page: string, token: string | undefined): string =>
  token ? `${page}?${new URLSearchParams({ token })}` : page;
