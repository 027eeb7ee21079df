import cors from '@koa/cors';
import type { Middleware } from 'koa';
import type { z } from 'zod';
import type { Route } from '../route.ts';

/** Headers that a page may read from every response, besides those of its route. */
const EXPOSED = [
  ...['Accept', 'Allow', 'Idempotency-Key', 'RateLimit', 'RateLimit-Policy', 'Retry-After', 'WWW-Authenticate'],
  'X-Request-Id',
];

/** Headers that a page may send to every route. Clients that read event streams with `fetch` add `Cache-Control`. */
const ALLOWED = ['Authorization', 'Cache-Control', 'Content-Type', 'X-Request-Id'];

const distinct = (names: string[]) => [...new Map(names.map((name) => [name.toLowerCase(), name])).values()];

/** Returns the headers that a page may send: those that any route reads, and {@link ALLOWED}. */
const allowedHeaders = (routes: readonly Route[]): string[] =>
  distinct([
    ...routes.flatMap(({ headers }) => Object.keys((headers as z.ZodObject | undefined)?.shape ?? {})),
    ...ALLOWED,
  ]);

/** Returns the headers that a page may read. */
const exposedHeaders = (routes: readonly Route[]): string[] =>
  distinct([
    ...routes.flatMap(({ responses }) => Object.values(responses).flatMap(({ headers = {} }) => Object.keys(headers))),
    ...EXPOSED,
  ]);

/** How long a browser may cache a preflight response, in seconds. */
const maxAge = 600;

/** The paths of the OAuth2 server, which has CORS rules of its own. */
const OAUTH = /^\/(oauth|\.well-known)\//;

/**
 * Allows pages of these origins to call the API from a browser (CORS), without cookies. The OAuth2 server keeps the headers
 * that are set here. For other origins, the CORS headers of the OAuth2 server are removed.
 *
 * @param origins as browsers send them: `https://shop.example`
 * @param routes the routes whose headers pages may send and read
 */
export function allowOrigins(origins: readonly string[], routes: readonly Route[]): Middleware {
  const isListed = (origin: string) => origins.includes(origin);
  const allow = cors({
    origin: (ctx) => (isListed(ctx.get('origin')) ? ctx.get('origin') : ''),
    allowMethods: ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'],
    allowHeaders: allowedHeaders(routes),
    exposeHeaders: exposedHeaders(routes),
    maxAge,
  });
  return async (ctx, next) => {
    await allow(ctx, next);
    if (isListed(ctx.get('origin')) || !OAUTH.test(ctx.path)) return;
    const granted = Object.keys(ctx.response.headers).filter((name) => name.startsWith('access-control-'));
    for (const name of granted) ctx.remove(name);
  };
}

/** Allows pages of the Temporal Web UI to call `/codec/*` (CORS). */
export function allowTemporalUi(origin: string | undefined): Middleware {
  const allow = cors({
    origin: (ctx) => (origin && ctx.get('origin') === origin ? origin : ''),
    allowMethods: 'POST',
    allowHeaders: 'authorization, authorization-extras, content-type, x-namespace',
    maxAge,
  });
  return (ctx, next) => (ctx.path.startsWith('/codec/') ? allow(ctx, next) : next());
}
