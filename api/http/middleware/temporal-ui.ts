import type { Middleware } from 'koa';

/** The request headers of the Temporal Web UI. */
const HEADERS = 'authorization, authorization-extras, content-type, x-namespace';

/** How long a browser may cache a preflight response, in seconds. */
const MAX_AGE_S = '600';

/** Allows pages of the Temporal Web UI to call `/codec/*` (CORS). */
export function allowTemporalUi(origin: string | undefined): Middleware {
  return (ctx, next) => {
    if (!ctx.path.startsWith('/codec/')) return next();
    ctx.vary('origin');
    if (!origin || ctx.get('origin') !== origin) return next();
    ctx.set('access-control-allow-origin', origin);
    if (ctx.method !== 'OPTIONS') return next();
    ctx.set({
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': HEADERS,
      'access-control-max-age': MAX_AGE_S,
    });
    ctx.status = 204;
  };
}
