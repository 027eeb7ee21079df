import type { Registry } from '@prometheus-io/client';
import type { Middleware } from 'koa';
import { methodNotAllowed, Problem } from '../http/problem.ts';

/** Serves `/metrics` to Prometheus. Must come before the check of access tokens, which would reject METRICS_TOKEN. */
export function metricsPage(registry: Registry, mayRead: (authorization: string) => boolean): Middleware {
  return async (ctx, next) => {
    if (ctx.path !== '/metrics') return next();
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') throw methodNotAllowed(ctx, 'GET, HEAD');
    if (!mayRead(ctx.get('authorization'))) {
      throw new Problem('unauthenticated', {
        detail: 'Send the value of METRICS_TOKEN: Authorization: Bearer <token>.',
        headers: { 'www-authenticate': 'Bearer realm="metrics"' },
      });
    }
    ctx.type = registry.contentType;
    ctx.body = await registry.metrics();
  };
}
