import { bodyParser } from '@koa/bodyparser';
import type { Context, Middleware } from 'koa';
import type { AccountRequestRepository } from '../../../db/account-requests.ts';
import { isOutage } from '../../../db/outage.ts';
import type { UserRepository } from '../../../db/users.ts';
import type { RequestState } from '../../http/middleware/request-log.ts';
import type { Pages } from '../../http/pages/page.ts';
import { methodNotAllowed, Problem } from '../../http/problem.ts';
import { acceptLanguage } from '../../http/schemas.ts';
import type { AccountService } from '../service.ts';
import { type AccountPage, type Fields, unavailablePage, type Visitor, withToken } from './account-page.ts';
import { emailPages } from './email-pages.ts';
import { linkPages } from './link-pages.ts';
import { requestPages } from './request-pages.ts';

interface Dependencies {
  pages: Pages;
  accountService: AccountService;
  accountRequests: Pick<AccountRequestRepository, 'peek'>;
  users: Pick<UserRepository, 'find' | 'findReaderByToken' | 'chooseEmails'>;
}

/** Serves the pages for registration, passwords and links in emails. They work without JavaScript. */
export function accountPages({
  pages,
  accountService,
  accountRequests,
  users,
}: Dependencies): Middleware<RequestState> {
  const { app, signIn } = pages;
  const pageAt: Record<string, AccountPage> = {
    ...requestPages(accountService, signIn),
    ...linkPages({ accountService, accountRequests, users, signIn }),
    ...emailPages({ users, app }),
  };

  return async (ctx, next) => {
    const page = pageAt[ctx.path];
    if (!page) return next();
    if (!['GET', 'HEAD', 'POST'].includes(ctx.method)) throw methodNotAllowed(ctx, 'GET, HEAD, POST');
    const visitor: Visitor = {
      language: acceptLanguage.parse(ctx.get('accept-language')),
      wordsFor: (language) => pages.wordsFor(ctx, language),
    };
    const fields = ctx.method === 'POST' && !page.hasFieldsInQuery ? await formFields(ctx) : queryFields(ctx.query);
    const handle = ctx.method === 'POST' ? page.post : page.get;
    const response = await handle(fields, visitor).catch((error) => {
      if (!isOutage(error)) throw error;
      ctx.state.log.error({ err: error }, 'page answered with 503');
      return unavailablePage(visitor.wordsFor(), withToken(ctx.path, fields.token));
    });
    const { status = 200, headers = {}, ...parts } = response;
    ctx.set(headers);
    pages.answer(ctx, status, parts);
  };
}

const readText = bodyParser({
  enableTypes: ['text'],
  extendTypes: { text: ['application/x-www-form-urlencoded'] },
  textLimit: '10kb',
});

async function formFields(ctx: Context): Promise<Fields> {
  if (ctx.request.is('urlencoded') !== 'urlencoded') {
    throw new Problem('unsupported_media_type', { detail: 'Send the form as application/x-www-form-urlencoded.' });
  }
  await readText(ctx as never, async () => {}).catch((error: { status?: number }) => {
    if (error.status === 413) throw new Problem('payload_too_large', { detail: 'The form is too large.' });
    if (error.status === 415)
      throw new Problem('unsupported_media_type', {
        detail: 'The Content-Encoding is not supported. Send the form uncompressed, or as gzip, deflate or br.',
      });
    throw new Problem('invalid_request', { detail: 'The form cannot be read.', cause: error });
  });
  return Object.fromEntries(new URLSearchParams(String((ctx.request as { body?: unknown }).body ?? '')));
}

/** Returns the last value of each parameter. */
const queryFields = (query: Record<string, string | string[] | undefined>): Fields =>
  Object.fromEntries(Object.entries(query).map(([name, value]) => [name, [value].flat().at(-1) ?? '']));
