import type { Context } from 'koa';
import { type Client, type ErrorOut, errors, type KoaContextWithOIDC } from 'oidc-provider';
import { isOutage } from '../../../db/outage.ts';
import type { Notice, PageWords } from '../../../languages/language.ts';
import { html } from '../../../languages/markup.ts';
import { type Link, noticeParts, type Pages, paragraphs } from '../../http/pages/page.ts';

/** The routes of oidc-provider that browsers open. Programs call the others. */
const PAGES = new Set(['authorization', 'resume', 'end_session', 'end_session_confirm', 'end_session_success']);

export const isPage = (ctx: KoaContextWithOIDC): boolean => PAGES.has(ctx.oidc.route);

/** Answers a request for a sign-in that has expired or is complete. */
export const answerExpired = (ctx: Context, pages: Pages): void =>
  answerStartAgain(ctx, pages, 400, (words) => words.signInExpired);

/** Rejects a sign-in form that another site has sent. */
export const answerForged = (ctx: Context, pages: Pages): void =>
  answerStartAgain(ctx, pages, 403, (words) => words.foreignForm);

function answerStartAgain(ctx: Context, pages: Pages, status: number, notice: (words: PageWords) => Notice): void {
  const words = pages.wordsFor(ctx);
  const again: Link = [words.pages.links.signInAgain, pages.signIn];
  pages.answer(ctx, status, noticeParts(words, notice(words.pages), again));
}

export function answerUnavailable(ctx: Context, pages: Pages): void {
  const words = pages.wordsFor(ctx);
  // "Try again" is a link, so it sends a GET. The sign-in form can be opened at the path that it is sent to. The form that
  // confirms a sign-out is sent to another path, so after that one, the link opens `/oauth/logout`, which shows the form again.
  const page = ctx.method === 'GET' ? ctx.url : ctx.path.startsWith('/oauth/sign-in/') ? ctx.path : '/oauth/logout';
  pages.answer(ctx, 503, noticeParts(words, words.pages.problems[503], [words.pages.links.tryAgain, page]));
}

/**
 * Returns a function that shows an error that oidc-provider cannot send to the client. Browsers get a page, programs get JSON.
 */
export const createErrorPage = (pages: Pages) => (ctx: KoaContextWithOIDC, out: ErrorOut, error: Error) => {
  if (!isPage(ctx) || ctx.accepts('html', 'json') !== 'html') {
    ctx.body = out;
    return;
  }
  const page = ctx as unknown as Context;
  const words = pages.wordsFor(page);
  const { badRequest, links, problems } = words.pages;
  const back: Link = [links.back, siteOf(ctx) ?? pages.app];
  if (isOutage(error)) answerUnavailable(page, pages);
  else if (error instanceof errors.SessionNotFound) answerExpired(page, pages);
  else if (ctx.status === 500) pages.answer(page, 500, noticeParts(words, problems[500], back));
  else {
    const { title, paragraphs: texts } = badRequest;
    const technical = `${out.error_description ?? out.error} (${out.error})`;
    pages.answer(page, ctx.status, {
      words,
      title,
      content: html`${paragraphs(...texts)}\n<p><code lang="en">${technical}</code></p>`,
      links: [back],
    });
  }
};

/** Returns the origin of the application that sent the user here. `undefined` if the request's redirect URI is not registered. */
function siteOf({ oidc: { client, params } }: KoaContextWithOIDC): string | undefined {
  const { redirectUris = [] } = (client as Client | undefined) ?? {};
  const uri = redirectUris.find((registered) => registered === params?.redirect_uri);
  return uri && new URL(uri).origin;
}
