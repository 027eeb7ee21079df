import type { Middleware } from 'koa';

const YEAR_S = 31_536_000;

/**
 * Returns the default security headers, which are as strict as possible. Pages relax some, and public documents allow caching.
 *
 * @param https whether clients reach the API only by https
 */
export const securityHeaders = (https: boolean): Record<string, string> => ({
  'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'permissions-policy': 'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
  ...(https && { 'strict-transport-security': `max-age=${YEAR_S}` }),
});

/** Sets {@link securityHeaders} first, so that the rest of the chain can change them. */
export function secureAnswers(https: boolean): Middleware {
  const headers = new Map(Object.entries(securityHeaders(https)));
  return (ctx, next) => {
    ctx.res.setHeaders(headers);
    return next();
  };
}
