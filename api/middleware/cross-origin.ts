import cors from '@koa/cors';
import type { Middleware } from 'koa';

/** What a page may read of an answer, besides what every page may. */
const exposeHeaders = [
  ...['ETag', 'Location', 'Idempotency-Key', 'Idempotency-Replayed', 'Preference-Applied'],
  ...['RateLimit', 'RateLimit-Policy', 'Retry-After', 'WWW-Authenticate', 'X-Request-Id'],
];

const allowHeaders = [
  ...['Authorization', 'Content-Type', 'Idempotency-Key', 'If-Match', 'If-None-Match', 'Last-Event-ID', 'Prefer'],
  'X-Request-Id',
];

/** How long a browser may go by what it was told, in seconds. */
const MAX_AGE_S = 600;

/** Where the OAuth2 server answers, which has a wider view of its own of who may. */
const OAUTH = /^\/(oauth|\.well-known)\//;

/**
 * Lets pages of these origins, and no others, use the API from a browser (CORS); never with cookies. The OAuth2 server
 * leaves alone what is set here.
 *
 * @param origins as browsers send them: `https://shop.example`
 */
export function allowOrigins(origins: readonly string[]): Middleware {
  const isListed = (origin: string) => origins.includes(origin);
  const allow = cors({
    origin: (ctx) => (isListed(ctx.get('origin')) ? ctx.get('origin') : ''),
    allowMethods: ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'],
    allowHeaders,
    exposeHeaders,
    maxAge: MAX_AGE_S,
  });
  return async (ctx, next) => {
    await allow(ctx, next);
    if (isListed(ctx.get('origin')) || !OAUTH.test(ctx.path)) return;
    const granted = Object.keys(ctx.response.headers).filter((name) => name.startsWith('access-control-'));
    for (const name of granted) ctx.remove(name);
  };
}
