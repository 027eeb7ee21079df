import { randomUUID } from 'node:crypto';
import type { Middleware } from 'koa';
import type { Logger } from '../../../config/logger.ts';

/** The state of every request. */
export interface RequestState {
  /** The id of the request, which the logs of its workflow and activities also contain. */
  requestId: string;
  log: Logger;
}

const ACCEPTABLE = /^[\w.:-]{1,100}$/;

/**
 * The limit of a logged path, in characters. Longer paths would be slow to log, because the logger searches them for secrets. The
 * API's own paths are shorter.
 */
const LOGGED_PATH = 500;

/** Shortens a path to whole segments, because the logger would not recognise and redact a truncated secret. */
const bounded = (path: string): string =>
  path.length > LOGGED_PATH ? `${path.slice(0, path.lastIndexOf('/', LOGGED_PATH) + 1)}…` : path;

/** Assigns each request an id (its `X-Request-Id` if valid), returns the id to the client, and logs one line at the end. */
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
