import type { AccountRequest, AccountRequestRepository } from '../../../db/account-requests.ts';
import type { UserRepository } from '../../../db/users.ts';
import type { Purpose } from '../../../domain/account/link.ts';
import type { Language } from '../../../languages/language.ts';
import { html } from '../../../languages/markup.ts';
import { type Field, form } from '../../http/pages/form.ts';
import { noticeParts, paragraphs, typed } from '../../http/pages/page.ts';
import { PASSWORD_LENGTH } from '../password-rules.ts';
import type { AccountService } from '../service.ts';
import {
  type AccountPage,
  addressField,
  type Fields,
  formPage,
  type PageResponse,
  unavailablePage,
  type Visitor,
  withToken,
} from './account-page.ts';

interface Dependencies {
  accountService: AccountService;
  accountRequests: Pick<AccountRequestRepository, 'peek'>;
  users: Pick<UserRepository, 'find'>;
  /** URL that "Sign in" links to, except for staff. */
  signIn: string;
}

/**
 * The pages that links in emails lead to. Each link works once, and mail scanners also open links. So opening a link only shows
 * a button, and pressing the button uses the link.
 */
export function linkPages({
  accountService,
  accountRequests,
  users,
  signIn,
}: Dependencies): Record<string, AccountPage> {
  return {
    '/account/verify': {
      async get({ token = '' }, visitor) {
        const request = await accountRequests.peek(token, 'registration', 'address');
        const words = await wordsOf(request, visitor);
        if (!request) return expiredPage(words, signIn);
        if (request.purpose === 'registration') return passwordPage(request, token, words);
        return newAddressPage(request, token, words);
      },
      post: (fields, visitor) =>
        useLink('/account/verify', fields, visitor, (token, password) => accountService.verify(token, password)),
    },
    '/account/password': {
      async get({ token = '' }, visitor) {
        const request = await accountRequests.peek(token, 'registration', 'reset', 'invitation');
        const words = await wordsOf(request, visitor);
        return request ? passwordPage(request, token, words) : expiredPage(words, signIn);
      },
      post: (fields, visitor) =>
        useLink('/account/password', fields, visitor, (token, password = '') =>
          accountService.choosePassword(token, password),
        ),
    },
  };

  /** Returns the texts in the language of the person that the link was sent to. */
  async function wordsOf(request: AccountRequest | undefined, { wordsFor }: Visitor): Promise<Language> {
    const user = request?.userId ? await users.find(request.userId) : undefined;
    return wordsFor(user ? user.language : request?.language);
  }

  async function useLink(
    page: string,
    { token = '', password }: Fields,
    visitor: Visitor,
    change: (token: string, password: string | undefined) => ReturnType<AccountService['verify']>,
  ): Promise<PageResponse> {
    // Read before the change, which removes the request.
    const request = await accountRequests.peek(token, 'registration', 'reset', 'invitation', 'address');
    const words = await wordsOf(request, visitor);
    const { confirmed, links, faults } = words.pages;
    const result = await change(token, password);
    if (!('refused' in result)) {
      const { title, about } = confirmed[request?.purpose ?? 'registration'];
      return {
        words,
        title,
        content: paragraphs(about(typed(result.name))),
        links: [[links.signIn, result.role === 'customer' ? signIn : '/board']],
      };
    }
    if (result.refused === 'unavailable' || result.refused === 'outcome_unknown')
      return unavailablePage(words, withToken(page, token));
    if (!request || result.refused === 'invalid_link') return expiredPage(words, signIn);
    // The only other refusal is a missing password, for which the form shows its hint instead of a fault.
    const fault = result.refused === 'weak_password' ? faults.password[result.fault](PASSWORD_LENGTH) : undefined;
    return passwordPage(request, token, words, fault);
  }
}

function newAddressPage({ email }: AccountRequest, token: string, words: Language): PageResponse {
  const { title, about, notYou, button } = words.pages.newAddress;
  const confirm = form('/account/verify', { fields: [], hidden: { token }, button });
  return { words, title, content: html`${paragraphs(about(typed(email)), notYou)}\n${confirm}` };
}

function passwordPage(
  { purpose, email }: AccountRequest,
  token: string,
  words: Language,
  fault?: string,
): PageResponse {
  const { choosePassword, fields, passwordHint } = words.pages;
  const title = purpose === 'reset' ? choosePassword.reset : choosePassword.welcome;
  const password: Field = {
    name: 'password',
    label: fields.newPassword,
    type: 'password',
    autocomplete: 'new-password',
    // Left out if there is a fault, whose text repeats the hint.
    hint: fault ? undefined : passwordHint(PASSWORD_LENGTH.min),
    fault,
  };
  const action = purpose === 'registration' ? '/account/verify' : '/account/password';
  const { content, ...page } = formPage(words, { title, button: choosePassword.button }, action, {
    fields: [{ ...addressField(words), value: email, readOnly: true }, password],
    hidden: { token },
  });
  return { ...page, content: html`${paragraphs(...introductions(words)[purpose])}\n${content}` };
}

const introductions = ({ pages: { choosePassword } }: Language): Record<Purpose, string[]> => ({
  registration: [choosePassword.aboutRegistration],
  invitation: [],
  reset: [choosePassword.aboutReset],
  address: [],
});

function expiredPage(words: Language, signIn: string): PageResponse {
  const { links, linkExpired } = words.pages;
  const onward = [
    [links.signIn, signIn],
    [links.forgot, '/account/forgot'],
    [links.registerAgain, '/account/register'],
  ] as const;
  return { status: 410, ...noticeParts(words, linkExpired, ...onward) };
}
