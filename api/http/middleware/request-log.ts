import { randomUUID } from 'node:crypto';
import type { Middleware } from 'koa';
import type { Logger } from '../../../config/logger.ts';

/** What every request carries along. */
export interface RequestState {
  /** Reaches the logs of the workflow and its activities, too. */
  requestId: string;
  log: Logger;
}

const ACCEPTABLE = /^[\w.:-]{1,100}$/;

/** So much of a path is logged, in characters: what the API knows is shorter, and each character is searched for secrets. */
const LOGGED_PATH = 500;

/** What is logged of a path: whole segments, as a secret that is cut would not be found. */
const bounded = (path: string): string =>
  path.length > LOGGED_PATH ? `${path.slice(0, path.lastIndexOf('/', LOGGED_PATH) + 1)}…` : path;

/** Gives each request an id (its own `X-Request-Id` where that is sane), answers it, and logs one line when it is done. */
export function requestLog(logger: Logger): Middleware<RequestState> {
  return async (ctx, next) => {
    const given = ctx.get('x-request-id');
    const requestId = ACCEPTABLE.test(given) ? given : randomUUID();
    ctx.state.requestId = requestId;
    ctx.state.log = logger.child({ requestId });
    ctx.set('x-request-id', requestId);
    const start = performance.now();
    ctx.res.once('close', () => {
      const { method, status } = ctx;
      const path = bounded(ctx.path);
      const ms = Math.round(performance.now() - start);
      ctx.state.log.info({ method, path, status, ms, finished: ctx.res.writableFinished }, 'request');
    });
    await next();
  };
}
