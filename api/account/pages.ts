import { bodyParser } from '@koa/bodyparser';
import type { Context, Middleware } from 'koa';
import type { AccountRequestRepository } from '../../db/account-requests.ts';
import { isOutage } from '../../db/outage.ts';
import type { Purpose } from '../../domain/account/link.ts';
import { registration, resetRequest } from '../contract/users.ts';
import { acceptLanguage } from '../contract/values.ts';
import type { RequestState } from '../middleware/request-log.ts';
import { answerPage, escapeHtml } from '../pages/page.ts';
import { Problem } from '../problem.ts';
import type { AccountService, Unreachable } from './account-service.ts';
import { emailPages } from './email-pages.ts';
import { form } from './form.ts';
import { PASSWORD_LENGTH } from './password-rules.ts';
import { type Pages, paragraphs, type Shown, type Values } from './shown.ts';

interface Dependencies {
  accounts: AccountService;
  accountRequests: Pick<AccountRequestRepository, 'peek'>;
  emails: Parameters<typeof emailPages>[0];
}

const readText = bodyParser({
  enableTypes: ['text'],
  extendTypes: { text: ['application/x-www-form-urlencoded'] },
  textLimit: '10kb',
});

const passwordHint = `At least ${PASSWORD_LENGTH.min} characters. A few words that do not belong together make a good one.`;

/**
 * The pages that the links in mails lead to, and those where somebody asks for one. Opening a link shows what it is for and
 * a button: programs that look at mails open links, too, and must not use them up. They work without JavaScript.
 */
export function accountPages({ accounts, accountRequests, emails }: Dependencies): Middleware<RequestState> {
  const pages: Record<string, Pages> = {
    ...emailPages(emails),
    '/account/register': {
      get: async () => registerPage(),
      async post({ email = '', name = '' }, header) {
        const { data, error } = registration.safeParse({ email, name });
        if (!data) {
          const wrong = new Set(error.issues.map(({ path }) => path[0]));
          const faults = {
            ...(wrong.has('email') && { email: 'This is not an email address.' }),
            ...(wrong.has('name') && { name: 'Tell us your name, on one line.' }),
          };
          return registerPage(400, { email, name }, faults);
        }
        const refused = await accounts.register({ ...data, language: acceptLanguage.parse(header) });
        return refused
          ? notMailed(refused)
          : checkYourEmail('We have written to you: the link in the email opens your account.');
      },
    },
    '/account/forgot': {
      get: async () => forgotPage(),
      async post({ email = '' }) {
        const { data } = resetRequest.safeParse({ email });
        if (!data) return forgotPage(400, email, 'This is not an email address.');
        const refused = await accounts.requestReset(data.email);
        return refused
          ? notMailed(refused)
          : checkYourEmail('If there is an account with this address, we have written to it how to go on.');
      },
    },
    '/account/verify': {
      async get({ token = '' }) {
        const request = await accountRequests.peek(token, 'registration', 'address');
        if (request?.purpose === 'registration') return passwordPage(token);
        if (!request) return noLink;
        const said = `<strong>${escapeHtml(request.email)}</strong> will be your new address.`;
        const confirm = form('/account/verify', { fields: [], hidden: { token }, button: 'Yes, use this address' });
        return {
          title: 'Is this you?',
          body: `${paragraphs(said, 'If it was not you, just close this page.')}\n${confirm}`,
        };
      },
      post: async ({ token = '', password = '' }) => chosen(token, await accounts.verify(token, password || undefined)),
    },
    '/account/password': {
      get: ({ token = '' }) => passwordPage(token),
      post: async ({ token = '', password = '' }) => chosen(token, await accounts.choosePassword(token, password)),
    },
  };

  /** What follows a form that a link has led to. */
  async function chosen(token: string, account: Awaited<ReturnType<AccountService['verify']>>): Promise<Shown> {
    if (!('refused' in account)) return welcome(account.name);
    if (account.refused === 'weak_password') return passwordPage(token, `It ${account.fault}.`);
    // Of a page that was opened before a password was asked for there.
    if (account.refused === 'password_required') return passwordPage(token);
    return account.refused === 'invalid_link' ? noLink : later;
  }

  async function passwordPage(token: string, fault?: string): Promise<Shown> {
    const request = await accountRequests.peek(token, 'registration', 'reset', 'invitation');
    if (!request) return noLink;
    const { purpose } = request;
    const title = purpose === 'reset' ? 'A new password' : 'Welcome! Choose a password';
    const said = notes[purpose].map((note) => paragraphs(note));
    const fields = [
      { ...addressField, value: request.email, readOnly: true },
      { ...passwordField, label: 'New password', fault },
    ];
    const action = purpose === 'registration' ? '/account/verify' : '/account/password';
    const body = [...said, form(action, { fields, hidden: { token }, button: 'Save password' })];
    return { status: fault ? 400 : 200, title, body: body.join('\n') };
  }

  return async (ctx, next) => {
    const found = pages[ctx.path];
    if (!found) return next();
    if (!['GET', 'HEAD', 'POST'].includes(ctx.method)) {
      const detail = `${ctx.path} knows GET, HEAD, POST, not ${ctx.method}.`;
      throw new Problem('method_not_allowed', { detail, headers: { allow: 'GET, HEAD, POST' } });
    }
    const posted = async () =>
      found.post(found.postsAddress ? lastOf(ctx.query) : await formOf(ctx), ctx.get('accept-language'));
    const shown = await (ctx.method === 'POST' ? posted() : found.get(lastOf(ctx.query))).catch((error) => {
      if (!isOutage(error)) throw error;
      ctx.state.log.error({ err: error }, 'a page has to wait');
      return later;
    });
    const { status = 200, title, body, language } = shown;
    answerPage(ctx, status, { title, language, content: `<h1>${escapeHtml(title)}</h1>\n${body}` });
  };
}

async function formOf(ctx: Context): Promise<Values> {
  if (ctx.request.is('urlencoded') !== 'urlencoded') {
    throw new Problem('unsupported_media_type', { detail: 'A form is sent as application/x-www-form-urlencoded.' });
  }
  await readText(ctx as never, async () => {}).catch((error: { status?: number }) => {
    if (error.status === 413) throw new Problem('payload_too_large', { detail: 'The form is too large.' });
    if (error.status === 415)
      throw new Problem('unsupported_media_type', {
        detail: 'This Content-Encoding is not known here: send the form uncompressed, or as gzip, deflate or br.',
      });
    throw new Problem('invalid_request', { detail: 'The form cannot be read.', cause: error });
  });
  return Object.fromEntries(new URLSearchParams(String((ctx.request as { body?: unknown }).body ?? '')));
}

const lastOf = (query: Record<string, string | string[] | undefined>): Values =>
  Object.fromEntries(Object.entries(query).map(([name, value]) => [name, [value].flat().at(-1) ?? '']));

const addressField = { name: 'email', label: 'Email address', type: 'email', autocomplete: 'username' } as const;
const passwordField = {
  name: 'password',
  label: 'Password',
  type: 'password',
  autocomplete: 'new-password',
  hint: passwordHint,
} as const;

function registerPage(status = 200, typed: Values = {}, faults: Values = {}): Shown {
  const fields = [
    { name: 'name', label: 'Name', type: 'text', autocomplete: 'name', value: typed.name, fault: faults.name } as const,
    { ...addressField, value: typed.email, fault: faults.email },
  ];
  return { status, title: 'Register', body: form('/account/register', { fields, button: 'Register' }) };
}

function forgotPage(status = 200, value = '', fault?: string): Shown {
  const body = form('/account/forgot', { fields: [{ ...addressField, value, fault }], button: 'Write to me' });
  return { status, title: 'Forgotten your password?', body };
}

const checkYourEmail = (text: string): Shown => ({ title: 'Check your email', body: paragraphs(text) });

const welcome = (name: string): Shown => ({
  title: 'That’s it',
  body: paragraphs(`You can sign in now, <strong><bdi>${escapeHtml(name)}</bdi></strong>.`),
});

/** What stands above the form for a password. */
const notes: Record<Purpose, string[]> = {
  registration: ['It opens your account. If you did not register, just close this page.'],
  invitation: [],
  reset: ['It signs you out everywhere else.'],
  address: [],
};

const notMailed = ({ refused }: { refused: 'rate_limited' | Unreachable['refused'] }): Shown =>
  refused === 'rate_limited' ? tooManyMails : later;

const tooManyMails: Shown = {
  status: 429,
  title: 'Check your email',
  body: paragraphs('You have asked for this several times. Check your inbox and your spam folder, or try again later.'),
};

const noLink: Shown = {
  status: 410,
  title: 'This link does not work any more',
  body: paragraphs(
    'It was used already, or it has expired. Perhaps you can simply sign in.',
    'If not: <a href="/account/forgot">ask for a new password</a>, or <a href="/account/register">register again</a>.',
  ),
};

const later: Shown = {
  status: 503,
  title: 'Not just now',
  body: paragraphs('A part of the shop cannot be reached. Nothing has changed: try again in a minute.'),
};
