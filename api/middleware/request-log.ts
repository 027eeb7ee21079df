import { randomUUID } from 'node:crypto';
import type { Middleware } from 'koa';
import type { Logger } from '../../config/logger.ts';

/** What every request carries along. */
export interface RequestState {
  /** Reaches the logs of the workflow and its activities, too. */
  requestId: string;
  log: Logger;
}

const ACCEPTABLE = /^[\w.:-]{1,100}$/;

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
      const { method, path, status } = ctx;
      const ms = Math.round(performance.now() - start);
      ctx.state.log.info({ method, path, status, ms, finished: ctx.res.writableFinished }, 'request');
    });
    await next();
  };
}
