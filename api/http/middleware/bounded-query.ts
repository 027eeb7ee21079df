import type { Middleware } from 'koa';
import { Problem } from '../problem.ts';

/** Most parameters that a query may have; the API's own have a dozen at most, each once or a few times. */
const MAX_PARAMETERS = 100;

/** Refuses queries of very many parameters: Koa parses them in quadratic time. */
export function boundedQuery(): Middleware {
  return (ctx, next) => {
    if (ctx.querystring.split('&').length <= MAX_PARAMETERS) return next();
    throw new Problem('invalid_request', {
      detail: `The query has too many parameters: at most ${MAX_PARAMETERS} are allowed.`,
    });
  };
}
