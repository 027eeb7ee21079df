import type { Context } from 'koa';
import { type ErrorOut, errors, type KoaContextWithOIDC } from 'oidc-provider';
import { isOutage } from '../../../db/outage.ts';
import { answerPage, escapeHtml } from '../../pages/page.ts';

/** Endpoints of the OAuth2 server that a person's browser opens; programs call the others. */
const PAGES = new Set(['authorization', 'resume', 'end_session', 'end_session_confirm', 'end_session_success']);

/** Whether an answer is for a person to read. */
export const isPage = (ctx: KoaContextWithOIDC): boolean => PAGES.has(ctx.oidc.route);

/** A sign-in that nobody can go on with. */
export function answerExpired(ctx: Context): void {
  notice(ctx, 400, 'This sign-in has expired', [
    'It was open for more than an hour, was finished in another tab, or your browser keeps no cookies from us.',
    'Go back to where you came from, and sign in again from there.',
  ]);
}

/** A form that does not come from our own page. */
export function answerForged(ctx: Context): void {
  notice(ctx, 403, 'This form is not ours', [
    'What was sent does not come from the sign-in page that you opened, so we did not look at it.',
    'Go back to where you came from, and sign in again from there.',
  ]);
}

/** The shop cannot do anything now. */
export function answerUnavailable(ctx: Context): void {
  notice(ctx, 503, 'One moment, please', ['We cannot sign you in right now. Try again in a few seconds.']);
}

/** What the OAuth2 server cannot tell the client about, it tells the person, or the program, in front of it. */
export function renderError(ctx: KoaContextWithOIDC, out: ErrorOut, error: Error): void {
  if (!isPage(ctx) || ctx.accepts('html', 'json') !== 'html') {
    ctx.body = out;
    return;
  }
  const page = ctx as unknown as Context;
  if (isOutage(error)) answerUnavailable(page);
  else if (error instanceof errors.SessionNotFound) answerExpired(page);
  else {
    notice(page, ctx.status, 'That did not work', [
      'The application that sent you here asked for something that we cannot do.',
      `Tell those who make it: ${out.error_description ?? 'no more is known'} (${out.error}).`,
    ]);
  }
}

function notice(ctx: Context, status: number, title: string, paragraphs: string[]): void {
  const text = paragraphs.map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`).join('\n');
  answerPage(ctx, status, { title, content: `<h1>${escapeHtml(title)}</h1>\n${text}` });
}
