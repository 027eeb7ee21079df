import { bodyParser } from '@koa/bodyparser';
import type { Context, Middleware } from 'koa';
import type { AccountRequest, AccountRequestRepository } from '../../db/account-requests.ts';
import { isOutage } from '../../db/outage.ts';
import type { UserRepository } from '../../db/users.ts';
import type { Purpose } from '../../domain/account/link.ts';
import type { Language } from '../../mail/languages/language.ts';
import { html } from '../../mail/templates/markup.ts';
import { quotaHeaders } from '../http/middleware/rate-limits.ts';
import type { RequestState } from '../http/middleware/request-log.ts';
import { type Field, form } from '../http/pages/form.ts';
import { inMinutes, type Link, noticeParts, type Pages, paragraphs, typed } from '../http/pages/page.ts';
import { Problem } from '../http/problem.ts';
import { acceptLanguage } from '../http/schemas.ts';
import { emailPages } from './email-pages.ts';
import { PASSWORD_LENGTH } from './password-rules.ts';
import { registration, resetRequest } from './schemas.ts';
import type { AccountService } from './service.ts';
import type { PageHandlers, Shown, Values, Visitor } from './shown.ts';

interface Dependencies {
  pages: Pages;
  accounts: AccountService;
  accountRequests: Pick<AccountRequestRepository, 'peek'>;
  users: Pick<UserRepository, 'find' | 'findReaderByToken' | 'chooseEmails'>;
}

const readText = bodyParser({
  enableTypes: ['text'],
  extendTypes: { text: ['application/x-www-form-urlencoded'] },
  textLimit: '10kb',
});

/**
 * The pages that the links in mails lead to, and those where somebody asks for one. Opening a link shows what it is for and
 * a button: programs that look at mails open links, too, and must not use them up. They work without JavaScript.
 */
export function accountPages({ pages, accounts, accountRequests, users }: Dependencies): Middleware<RequestState> {
  const { app } = pages;
  const handlers: Record<string, PageHandlers> = {
    ...emailPages({ users, app }),
    '/account/register': {
      get: async (_values, { wordsFor }) => registerPage(wordsFor()),
      async post({ email = '', name = '' }, { language, wordsFor }) {
        const words = wordsFor();
        const { data, error } = registration.safeParse({ email, name });
        if (!data) return registerPage(words, { email, name }, new Set(error.issues.map(({ path }) => path[0])));
        const refused = await accounts.register({ ...data, language });
        const { checkYourEmail } = words.pages;
        return mailed(words, refused, checkYourEmail.registered, '/account/register');
      },
    },
    '/account/forgot': {
      get: async (_values, { wordsFor }) => forgotPage(wordsFor()),
      async post({ email = '' }, { wordsFor }) {
        const words = wordsFor();
        const { data } = resetRequest.safeParse({ email });
        if (!data) return forgotPage(words, email, words.pages.faults.email);
        const refused = await accounts.requestReset(data.email);
        return mailed(words, refused, words.pages.checkYourEmail.reset, '/account/forgot');
      },
    },
    '/account/verify': {
      async get({ token = '' }, visitor) {
        const request = await accountRequests.peek(token, 'registration', 'address');
        const words = await wordsOf(request, visitor);
        if (!request) return linkExpired(words);
        if (request.purpose === 'registration') return passwordPage(request, token, words);
        const { newAddress } = words.pages;
        const confirm = form('/account/verify', { fields: [], hidden: { token }, button: newAddress.button });
        const about = paragraphs(newAddress.about(typed(request.email)), newAddress.notYou);
        return { words, title: newAddress.title, content: html`${about}\n${confirm}` };
      },
      post: (values, visitor) =>
        choose('/account/verify', values, visitor, (token, password) => accounts.verify(token, password)),
    },
    '/account/password': {
      async get({ token = '' }, visitor) {
        const request = await accountRequests.peek(token, 'registration', 'reset', 'invitation');
        const words = await wordsOf(request, visitor);
        return request ? passwordPage(request, token, words) : linkExpired(words);
      },
      post: (values, visitor) =>
        choose('/account/password', values, visitor, (token, password = '') =>
          accounts.choosePassword(token, password),
        ),
    },
  };

  /** The words for the person whom a link was mailed to. */
  async function wordsOf(request: AccountRequest | undefined, { wordsFor }: Visitor): Promise<Language> {
    const user = request?.userId ? await users.find(request.userId) : undefined;
    return wordsFor(user ? user.language : request?.language);
  }

  /** Does what the form of a link is for. */
  async function choose(
    page: string,
    { token = '', password }: Values,
    visitor: Visitor,
    change: (token: string, password: string | undefined) => ReturnType<AccountService['verify']>,
  ): Promise<Shown> {
    // Before the change, which uses the link up.
    const request = await accountRequests.peek(token, 'registration', 'reset', 'invitation', 'address');
    const words = await wordsOf(request, visitor);
    const { confirmed, links, faults } = words.pages;
    const account = await change(token, password);
    if (!('refused' in account)) {
      const { title, about } = confirmed[request?.purpose ?? 'registration'];
      return { words, title, content: paragraphs(about(typed(account.name))), links: [[links.signIn, app]] };
    }
    if (account.refused === 'unavailable' || account.refused === 'outcome_unknown')
      return unavailable(words, withToken(page, token));
    if (!request || account.refused === 'invalid_link') return linkExpired(words);
    // Without one, the page was opened before a password was asked for there.
    const fault = account.refused === 'weak_password' ? account.fault : undefined;
    return passwordPage(request, token, words, fault && faults.password[fault](PASSWORD_LENGTH));
  }

  const mailed = (
    words: Language,
    refused: Awaited<ReturnType<AccountService['requestReset']>>,
    text: string,
    page: string,
  ): Shown => {
    if (refused && refused.refused !== 'rate_limited') return unavailable(words, page);
    const { checkYourEmail, links } = words.pages;
    const notice = {
      title: checkYourEmail.title,
      paragraphs: refused
        ? [checkYourEmail.tooMany(inMinutes(refused.status.resetsIn))]
        : [text, checkYourEmail.notArrived],
    };
    const shown = noticeParts(words, notice, [links.signIn, app], [links.tryAgain, page]);
    return refused ? { status: 429, headers: quotaHeaders(refused.status), ...shown } : shown;
  };

  function registerPage(words: Language, written: Values = {}, wrong: ReadonlySet<unknown> = new Set()): Shown {
    const { register, faults, links } = words.pages;
    const fault = (field: 'name' | 'email') => (wrong.has(field) ? faults[field] : undefined);
    const fields = [
      { ...nameField(words), value: written.name, fault: fault('name') },
      { ...addressField(words), value: written.email, fault: fault('email') },
    ];
    return {
      ...formPage(words, register, '/account/register', { fields }),
      links: [
        [links.signIn, app],
        [links.forgot, '/account/forgot'],
      ],
    };
  }

  function forgotPage(words: Language, value = '', fault?: string): Shown {
    const { forgot, links } = words.pages;
    return {
      ...formPage(words, forgot, '/account/forgot', { fields: [{ ...addressField(words), value, fault }] }),
      links: [
        [links.signIn, app],
        [links.register, '/account/register'],
      ],
    };
  }

  const linkExpired = (words: Language): Shown => {
    const { links, linkExpired: notice } = words.pages;
    const onward: Link[] = [
      [links.signIn, app],
      [links.forgot, '/account/forgot'],
      [links.registerAgain, '/account/register'],
    ];
    return { status: 410, ...noticeParts(words, notice, ...onward) };
  };

  return async (ctx, next) => {
    const found = handlers[ctx.path];
    if (!found) return next();
    if (!['GET', 'HEAD', 'POST'].includes(ctx.method)) {
      const detail = `${ctx.path} does not support ${ctx.method}. Allowed methods: GET, HEAD, POST.`;
      throw new Problem('method_not_allowed', { detail, headers: { allow: 'GET, HEAD, POST' } });
    }
    const visitor: Visitor = {
      language: acceptLanguage.parse(ctx.get('accept-language')),
      wordsFor: (...theirs) => pages.wordsFor(ctx, ...theirs),
    };
    const values = ctx.method === 'POST' && !found.postsAddress ? await formOf(ctx) : lastOf(ctx.query);
    const shown = await (ctx.method === 'POST' ? found.post(values, visitor) : found.get(values, visitor)).catch(
      (error) => {
        if (!isOutage(error)) throw error;
        ctx.state.log.error({ err: error }, 'page answered with 503');
        return unavailable(visitor.wordsFor(), withToken(ctx.path, values.token));
      },
    );
    const { status = 200, headers = {}, ...parts } = shown;
    ctx.set(headers);
    pages.answer(ctx, status, parts);
  };
}

async function formOf(ctx: Context): Promise<Values> {
  if (ctx.request.is('urlencoded') !== 'urlencoded') {
    throw new Problem('unsupported_media_type', { detail: 'Send the form as application/x-www-form-urlencoded.' });
  }
  await readText(ctx as never, async () => {}).catch((error: { status?: number }) => {
    if (error.status === 413) throw new Problem('payload_too_large', { detail: 'The form is too large.' });
    if (error.status === 415)
      throw new Problem('unsupported_media_type', {
        detail: 'Send the form uncompressed, or compressed with gzip, deflate or br.',
      });
    throw new Problem('invalid_request', { detail: 'The form is malformed.', cause: error });
  });
  return Object.fromEntries(new URLSearchParams(String((ctx.request as { body?: unknown }).body ?? '')));
}

const lastOf = (query: Record<string, string | string[] | undefined>): Values =>
  Object.fromEntries(Object.entries(query).map(([name, value]) => [name, [value].flat().at(-1) ?? '']));

const nameField = ({ pages }: Language) =>
  ({ name: 'name', label: pages.fields.name, type: 'text', autocomplete: 'name' }) as const;

const addressField = ({ pages }: Language) =>
  ({ name: 'email', label: pages.fields.email, type: 'email', autocomplete: 'username' }) as const;

const withToken = (page: string, token: string | undefined): string =>
  token ? `${page}?${new URLSearchParams({ token })}` : page;

/** A page with a form that may have been refused. */
function formPage(
  words: Language,
  { title, button }: { title: string; button: string },
  action: string,
  { fields, hidden = {} }: { fields: Field[]; hidden?: Record<string, string> },
): Shown {
  const refused = fields.some(({ fault }) => fault);
  return { words, status: refused ? 400 : 200, refused, title, content: form(action, { fields, hidden, button }) };
}

function passwordPage({ purpose, email }: AccountRequest, token: string, words: Language, fault?: string): Shown {
  const { choosePassword: said, fields, passwordHint } = words.pages;
  const title = purpose === 'reset' ? said.reset : said.welcome;
  const password: Field = {
    name: 'password',
    label: fields.newPassword,
    type: 'password',
    autocomplete: 'new-password',
    // A fault says the same.
    hint: fault ? undefined : passwordHint(PASSWORD_LENGTH.min),
    fault,
  };
  const action = purpose === 'registration' ? '/account/verify' : '/account/password';
  const { content, ...page } = formPage(words, { title, button: said.button }, action, {
    fields: [{ ...addressField(words), value: email, readOnly: true }, password],
    hidden: { token },
  });
  return { ...page, content: html`${paragraphs(...notes(words)[purpose])}\n${content}` };
}

/** What stands above the form for a password. */
const notes = ({ pages: { choosePassword } }: Language): Record<Purpose, string[]> => ({
  registration: [choosePassword.aboutRegistration],
  invitation: [],
  reset: [choosePassword.aboutReset],
  address: [],
});

/** @param page where to try again */
const unavailable = (words: Language, page: string): Shown => ({
  status: 503,
  ...noticeParts(words, words.pages.problems[503], [words.pages.links.tryAgain, page]),
});
