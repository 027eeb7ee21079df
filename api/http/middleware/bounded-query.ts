import type { Middleware } from 'koa';
import { Problem } from '../problem.ts';

const MAX_PARAMETERS = 100;

/** Rejects queries with very many parameters, because Koa parses them in quadratic time. */
export function boundedQuery(): Middleware {
  return (ctx, next) => {
    if (ctx.querystring.split('&').length <= MAX_PARAMETERS) return next();
    throw new Problem('invalid_request', {
      detail: `The query has too many parameters: at most ${MAX_PARAMETERS} are allowed.`,
    });
  };
}
