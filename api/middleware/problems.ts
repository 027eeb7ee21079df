import type { Context, Middleware } from 'koa';
import { isOutage, isReadOnly } from '../../db/outage.ts';
import { Problem } from '../problem.ts';
import type { RequestState } from './request-log.ts';

/** How long a client should wait before it tries again, in seconds. */
const RETRY_AFTER_S = '1';

/** Answers whatever goes wrong as a problem document; what nobody foresaw is logged whole and answered as 500. */
export function answerProblems(): Middleware<RequestState> {
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
      ctx.body = problem.toDocument(`urn:uuid:${ctx.state.requestId}`);
      ctx.type = 'application/problem+json';
    }
  };
}

/** No route took the request: the router leaves a bare status, and for a wrong method the header `Allow`. */
function refuseUnrouted({ status, method, path, response }: Context): void {
  // To a method that it never heard of, the router says so wherever it is sent.
  const nowhere = status === 501 && response.get('allow') === '';
  if (nowhere) response.remove('allow');
  if (status === 404 || nowhere) throw new Problem('not_found', { detail: `There is no ${path}.` });
  if (status !== 405 && status !== 501) return;
  throw new Problem('method_not_allowed', { detail: `${path} knows ${response.get('allow')}, not ${method}.` });
}

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (!isOutage(error)) return new Problem('internal', { cause: error });
  const detail = isReadOnly(error)
    ? 'The shop can only be read for the moment: try again later.'
    : 'The database cannot be reached.';
  return new Problem('unavailable', { detail, cause: error });
}
