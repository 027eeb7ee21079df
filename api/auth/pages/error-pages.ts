import type { Context } from 'koa';
import { type Client, type ErrorOut, errors, type KoaContextWithOIDC } from 'oidc-provider';
import { isOutage } from '../../../db/outage.ts';
import type { Notice, PageWords } from '../../../mail/languages/language.ts';
import { html } from '../../../mail/templates/markup.ts';
import { type Link, noticeParts, type Pages, paragraphs } from '../../http/pages/page.ts';

/** Endpoints of the OAuth2 server that a person's browser opens; programs call the others. */
const PAGES = new Set(['authorization', 'resume', 'end_session', 'end_session_confirm', 'end_session_success']);

/** Whether an answer is for a person to read. */
export const isPage = (ctx: KoaContextWithOIDC): boolean => PAGES.has(ctx.oidc.route);

/** Answers to a sign-in that cannot be continued. */
export const answerExpired = (ctx: Context, pages: Pages): void =>
  answerStartAgain(ctx, pages, 400, (words) => words.signInExpired);

/** Answers to a form that does not come from our own page. */
export const answerForged = (ctx: Context, pages: Pages): void =>
  answerStartAgain(ctx, pages, 403, (words) => words.foreignForm);

function answerStartAgain(ctx: Context, pages: Pages, status: number, notice: (words: PageWords) => Notice): void {
  const words = pages.wordsFor(ctx);
  const again: Link = [words.pages.links.signInAgain, pages.app];
  pages.answer(ctx, status, noticeParts(words, notice(words.pages), again));
}

/** Answers while a service behind the shop is unavailable. */
export function answerUnavailable(ctx: Context, pages: Pages): void {
  const words = pages.wordsFor(ctx);
  // Of what was posted, only the sign-in page can be opened again.
  const page = ctx.method === 'GET' ? ctx.url : ctx.path.startsWith('/oauth/sign-in/') ? ctx.path : '/oauth/logout';
  pages.answer(ctx, 503, noticeParts(words, words.pages.problems[503], [words.pages.links.tryAgain, page]));
}

/** Shows the person, or the program, an error that the OAuth2 server cannot send to the client. */
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
    const { title, paragraphs: said } = badRequest;
    const technical = `${out.error_description ?? out.error} (${out.error})`;
    pages.answer(page, ctx.status, {
      words,
      title,
      content: html`${paragraphs(...said)}\n<p><code lang="en">${technical}</code></p>`,
      links: [back],
    });
  }
};

/** The site of the application that sent the person here, if it is one that we know. */
function siteOf({ oidc: { client, params } }: KoaContextWithOIDC): string | undefined {
  const { redirectUris = [] } = (client as Client | undefined) ?? {};
  const uri = redirectUris.find((known) => known === params?.redirect_uri);
  return uri && new URL(uri).origin;
}
