import { bodyParser } from '@koa/bodyparser';
import type { Context, Middleware } from 'koa';
import type { AccountRequestRepository } from '../../db/account-requests.ts';
import { isOutage } from '../../db/outage.ts';
import { registration, resetRequest } from '../contract/users.ts';
import { acceptLanguage } from '../contract/values.ts';
import type { RequestState } from '../middleware/request-log.ts';
import { answerPage, escapeHtml } from '../pages/page.ts';
import { Problem } from '../problem.ts';
import type { AccountService } from './account-service.ts';
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
      async post({ email = '', name = '', password = '' }, header) {
        const { data, error } = registration.safeParse({ email, name, password });
        if (!data) {
          const wrong = new Map(error.issues.map(({ path, message }) => [path[0], message]));
          const faults = {
            ...(wrong.has('password') && { password: `It ${wrong.get('password')}.` }),
            ...(wrong.has('email') && { email: 'This is not an email address.' }),
            ...(wrong.has('name') && { name: 'Tell us your name, on one line.' }),
          };
          return registerPage(400, { email, name }, faults);
        }
        const refused = await accounts.register({ ...data, language: acceptLanguage.parse(header) });
        if (!refused) return lookIntoYourMail('We have written to you: the link in the email opens your account.');
        if (refused.refused !== 'weak_password') return later;
        return registerPage(400, { email, name }, { password: `It ${refused.fault}.` });
      },
    },
    '/account/forgot': {
      get: async () => forgotPage(),
      async post({ email = '' }) {
        const { data } = resetRequest.safeParse({ email });
        if (!data) return forgotPage(400, email, 'This is not an email address.');
        const refused = await accounts.requestReset(data.email);
        if (refused) return later;
        return lookIntoYourMail('If there is an account with this address, we have written to it how to go on.');
      },
    },
    '/account/verify': {
      async get({ token = '' }) {
        const request = await accountRequests.peek(token, 'registration', 'address');
        if (!request) return noLink;
        const address = `<strong>${escapeHtml(request.email)}</strong>`;
        const [said, button] = request.userId
          ? [`${address} is to be your address from now on.`, 'Yes, take this address']
          : [`You have registered as ${address}. Confirm it, and your account is open.`, 'Yes, open my account'];
        return {
          title: 'Is this you?',
          body: `${paragraphs(said, 'If it was not you, just close this page.')}\n${form('/account/verify', { fields: [], hidden: { token }, button })}`,
        };
      },
      async post({ token = '' }) {
        const account = await accounts.verify(token);
        return 'refused' in account ? noLink : welcome(account.name);
      },
    },
    '/account/password': {
      get: ({ token = '' }) => passwordPage(token),
      async post({ token = '', password = '' }) {
        const account = await accounts.choosePassword(token, password);
        if (!('refused' in account)) return welcome(account.name);
        if (account.refused === 'weak_password') return passwordPage(token, `It ${account.fault}.`);
        return account.refused === 'invalid_link' ? noLink : later;
      },
    },
  };

  async function passwordPage(token: string, fault?: string): Promise<Shown> {
    const request = await accountRequests.peek(token, 'reset', 'invitation');
    if (!request) return noLink;
    const title = request.purpose === 'reset' ? 'A new password' : 'Welcome! Choose a password';
    const said = request.purpose === 'reset' ? [paragraphs('It signs you out everywhere else.')] : [];
    const fields = [
      { ...addressField, value: request.email, readOnly: true },
      { ...passwordField, label: 'New password', fault },
    ];
    const body = [...said, form('/account/password', { fields, hidden: { token }, button: 'Keep this password' })];
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
    throw error;
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
    { ...passwordField, fault: faults.password },
  ];
  return { status, title: 'Register', body: form('/account/register', { fields, button: 'Register' }) };
}

function forgotPage(status = 200, value = '', fault?: string): Shown {
  const body = form('/account/forgot', { fields: [{ ...addressField, value, fault }], button: 'Write to me' });
  return { status, title: 'Forgotten your password?', body };
}

const lookIntoYourMail = (text: string): Shown => ({ title: 'Look into your mail', body: paragraphs(text) });

const welcome = (name: string): Shown => ({
  title: 'That’s it',
  body: paragraphs(`You can sign in now, <strong>${escapeHtml(name)}</strong>.`),
});

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
