import type { Middleware } from 'koa';

const YEAR_S = 31_536_000;

/**
 * What browsers may do with an answer: as little as possible. An answer that is a page says itself what it needs, and what
 * is nobody's own may say that it can be kept.
 *
 * @param https whether clients see the API by https alone
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

/** Gives every answer the headers above, before anybody else may change them. */
export function secureAnswers(https: boolean): Middleware {
  const headers = securityHeaders(https);
  return (ctx, next) => {
    ctx.set(headers);
    return next();
  };
}
