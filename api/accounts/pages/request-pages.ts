import type { Language } from '../../../languages/language.ts';
import { quotaHeaders } from '../../http/middleware/rate-limits.ts';
import { inMinutes, noticeParts } from '../../http/pages/page.ts';
import type { AccountRefusal } from '../refusals.ts';
import { registration, resetRequest } from '../schemas.ts';
import type { AccountService } from '../service.ts';
import {
  type AccountPage,
  addressField,
  type Fields,
  formPage,
  type PageResponse,
  unavailablePage,
} from './account-page.ts';

/** The pages to register and to request a new password. @param signIn URL that "Sign in" links to */
export function requestPages(accountService: AccountService, signIn: string): Record<string, AccountPage> {
  return {
    '/account/register': {
      get: async (_fields, { wordsFor }) => registerPage(wordsFor(), signIn),
      async post({ email = '', name = '' }, { language, wordsFor }) {
        const words = wordsFor();
        const { data, error } = registration.safeParse({ email, name });
        if (!data)
          return registerPage(words, signIn, { email, name }, new Set(error.issues.map(({ path }) => path[0])));
        const refused = await accountService.register({ ...data, language });
        return checkYourEmailPage(words, signIn, refused, words.pages.checkYourEmail.registered, '/account/register');
      },
    },
    '/account/forgot': {
      get: async (_fields, { wordsFor }) => forgotPage(wordsFor(), signIn),
      async post({ email = '' }, { wordsFor }) {
        const words = wordsFor();
        const { data } = resetRequest.safeParse({ email });
        if (!data) return forgotPage(words, signIn, email, words.pages.faults.email);
        const refused = await accountService.requestReset(data.email);
        return checkYourEmailPage(words, signIn, refused, words.pages.checkYourEmail.reset, '/account/forgot');
      },
    },
  };
}

function registerPage(
  words: Language,
  signIn: string,
  typed: Fields = {},
  invalid: ReadonlySet<unknown> = new Set(),
): PageResponse {
  const { register, fields, faults, links } = words.pages;
  const fault = (field: 'name' | 'email') => (invalid.has(field) ? faults[field] : undefined);
  const name = { name: 'name', label: fields.name, type: 'text', autocomplete: 'name' } as const;
  return {
    ...formPage(words, register, '/account/register', {
      fields: [
        { ...name, value: typed.name, fault: fault('name') },
        { ...addressField(words), value: typed.email, fault: fault('email') },
      ],
    }),
    links: [
      [links.signIn, signIn],
      [links.forgot, '/account/forgot'],
    ],
  };
}

function forgotPage(words: Language, signIn: string, value = '', fault?: string): PageResponse {
  const { forgot, links } = words.pages;
  return {
    ...formPage(words, forgot, '/account/forgot', { fields: [{ ...addressField(words), value, fault }] }),
    links: [
      [links.signIn, signIn],
      [links.register, '/account/register'],
    ],
  };
}

function checkYourEmailPage(
  words: Language,
  signIn: string,
  refused: AccountRefusal | undefined,
  text: string,
  page: string,
): PageResponse {
  if (refused && refused.refused !== 'rate_limited') return unavailablePage(words, page);
  const { checkYourEmail, links } = words.pages;
  const paragraphs = refused
    ? [checkYourEmail.tooMany(inMinutes(refused.status.resetsIn))]
    : [text, checkYourEmail.notArrived];
  const notice = { title: checkYourEmail.title, paragraphs };
  const response = noticeParts(words, notice, [links.signIn, signIn], [links.tryAgain, page]);
  return refused ? { status: 429, headers: quotaHeaders(refused.status), ...response } : response;
}
