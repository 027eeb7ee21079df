import type { Context, Middleware } from 'koa';
import { isOutage, isReadOnly } from '../../../db/outage.ts';
import { inMinutes, type Link, noticeParts, type Pages, wantsPage } from '../pages/page.ts';
import { methodNotAllowed, Problem, RETRY_AFTER_S } from '../problem.ts';
import type { RequestState } from './request-log.ts';

/**
 * Sends each error as a problem document or, to a browser, as a page. Unexpected errors become a 500 and are logged in full.
 */
export function answerProblems(pages: Pages): Middleware<RequestState> {
  return async (ctx, next) => {
    try {
      await next();
      if (ctx.body == null) refuseUnrouted(ctx);
    } catch (error) {
      const problem = toProblem(error);
      if (problem.status >= 500) ctx.state.log.error({ err: problem.options.cause ?? error }, problem.code);
      ctx.status = problem.status;
      if (problem.status === 503) ctx.set('retry-after', RETRY_AFTER_S);
      ctx.set(problem.options.headers ?? {});
      if (wantsPage(ctx)) return answerAsPage(ctx, pages, problem);
      ctx.body = problem.toDocument(`urn:uuid:${ctx.state.requestId}`);
      ctx.type = 'application/problem+json';
    }
  };
}

/** Forms that can be opened without a link from an email, so that an error page can link to them. */
const FORMS = ['/account/register', '/account/forgot'];

function answerAsPage(ctx: Context, pages: Pages, { status }: Problem): void {
  const words = pages.wordsFor(ctx);
  const { problems, tooManyRequests, links } = words.pages;
  const notice =
    status === 429
      ? tooManyRequests(inMinutes(Number(ctx.response.get('retry-after'))))
      : problems[status === 404 || status === 500 || status === 503 ? status : 'other'];
  const again: Link[] = FORMS.includes(ctx.path) ? [[links.tryAgain, ctx.path]] : [];
  pages.answer(ctx, status, noticeParts(words, notice, ...again, [links.back, pages.app]));
}

/** Rejects a request without a route. The router has set only a status and, for a wrong method, `Allow`. */
function refuseUnrouted(ctx: Context): void {
  const { status, path, response } = ctx;
  // For an unknown method, the router sets 501 on every path of a section, even on one that does not exist.
  const nowhere = status === 501 && response.get('allow') === '';
  if (nowhere) response.remove('allow');
  if (status === 404 || nowhere) throw new Problem('not_found', { detail: `The path ${path} does not exist.` });
  if (status === 405 || status === 501) throw methodNotAllowed(ctx, response.get('allow'));
}

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (!isOutage(error)) return new Problem('internal', { cause: error });
  const detail = isReadOnly(error)
    ? 'The shop is read-only at the moment. Try again later.'
    : 'The database cannot be reached. Try again.';
  return new Problem('unavailable', { detail, cause: error });
}
