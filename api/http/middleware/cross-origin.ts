import cors from '@koa/cors';
import type { Middleware } from 'koa';
import type { z } from 'zod';
import type { Route } from '../route.ts';

/** Headers that a page may read of any answer, besides those of its route. */
const EXPOSED = [
  ...['Accept', 'Allow', 'Idempotency-Key', 'RateLimit', 'RateLimit-Policy', 'Retry-After', 'WWW-Authenticate'],
  'X-Request-Id',
];

/** Headers that a page may send to any route. `Cache-Control`: clients that read event streams by fetch add it. */
const ALLOWED = ['Authorization', 'Cache-Control', 'Content-Type', 'X-Request-Id'];

const distinct = (names: string[]) => [...new Map(names.map((name) => [name.toLowerCase(), name])).values()];

/** Returns the headers that a page may send: those that some route reads, and a few that all do. */
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

/** How long a browser may go by what it was told, in seconds. */
const MAX_AGE_S = 600;

/** Where the OAuth2 server responses, which has a wider view of its own of who may. */
const OAUTH = /^\/(oauth|\.well-known)\//;

/**
 * Lets pages of these origins, and no others, use the API from a browser (CORS); never with cookies. The OAuth2 server
 * leaves alone what is set here.
 *
 * @param origins as browsers send them: `https://shop.example`
 * @param routes whose headers pages may send and read
 */
export function allowOrigins(origins: readonly string[], routes: readonly Route[]): Middleware {
  const isListed = (origin: string) => origins.includes(origin);
  const allow = cors({
    origin: (ctx) => (isListed(ctx.get('origin')) ? ctx.get('origin') : ''),
    allowMethods: ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'],
    allowHeaders: allowedHeaders(routes),
    exposeHeaders: exposedHeaders(routes),
    maxAge: MAX_AGE_S,
  });
  return async (ctx, next) => {
    await allow(ctx, next);
    if (isListed(ctx.get('origin')) || !OAUTH.test(ctx.path)) return;
    const granted = Object.keys(ctx.response.headers).filter((name) => name.startsWith('access-control-'));
    for (const name of granted) ctx.remove(name);
  };
}
