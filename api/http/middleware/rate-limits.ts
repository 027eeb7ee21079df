import type { Context, Middleware } from 'koa';
import type { AuthState } from '../../auth/authenticate.ts';
import type { Limits } from '../limits/limits.ts';
import { isExceeded, type QuotaStatus } from '../limits/quota.ts';
import { wantsPage } from '../pages/page.ts';
import { Problem } from '../problem.ts';

/** `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-11) and, when it is exceeded, `Retry-After`. */
export function quotaHeaders(status: QuotaStatus): Record<string, string> {
  const { policy, allowance, taken, resetsIn } = status;
  return {
    'ratelimit-policy': `"${policy}";q=${allowance.count};w=${allowance.seconds}`,
    ratelimit: `"${policy}";r=${Math.max(0, allowance.count - taken)};t=${resetsIn}`,
    ...(isExceeded(status) && { 'retry-after': String(resetsIn) }),
  };
}

function settle(ctx: Context, status: QuotaStatus): void {
  ctx.set(quotaHeaders(status));
  if (!isExceeded(status)) return;
  const { allowance, resetsIn } = status;
  const detail = `${allowance.count} requests in ${allowance.seconds} seconds are allowed; try again in ${resetsIn} seconds.`;
  throw new Problem('rate_limited', { detail });
}

const isRead = ({ method }: Context) => method === 'GET' || method === 'HEAD';

/** Whoever watches over this process must get through whatever others do. */
const isHealth = ({ path }: Context) => path.startsWith('/health/') || path === '/metrics';

/** In any case: the router takes `/V1`, too. */
const isApi = ({ path }: Context) => /^\/v1\//i.test(path);

/**
 * Counts by address what needs no token: sign-in, docs and whatever is not there. Under `/oauth/`, programs get a refusal as
 * JSON of RFC 6749.
 */
export function limitStrangers({ anonymous }: Pick<Limits, 'anonymous'>): Middleware {
  return async (ctx, next) => {
    if (isHealth(ctx) || isApi(ctx)) return next();
    try {
      settle(ctx, await anonymous(ctx.ip, isRead(ctx)));
    } catch (problem) {
      const isOurs = problem instanceof Problem && ctx.path.startsWith('/oauth/');
      if (!isOurs || wantsPage(ctx)) throw problem;
      ctx.status = problem.status;
      ctx.body = { error: 'temporarily_unavailable', error_description: problem.message };
      return;
    }
    return next();
  };
}

/**
 * Counts requests to the API: by user or, without valid credentials, by IP address.
 *
 * @param isPlacing whether the request would place an order
 */
export function limitApiRequests(
  { placing, user, anonymous }: Pick<Limits, 'placing' | 'user' | 'anonymous'>,
  isPlacing: (ctx: Context) => boolean,
): Middleware<AuthState> {
  return async (ctx, next) => {
    if (!isApi(ctx)) return next();
    const id = ctx.state.caller?.actor.id;
    if (id === undefined) settle(ctx, await anonymous(ctx.ip, isRead(ctx)));
    else settle(ctx, await (isPlacing(ctx) ? placing : user)(id, isRead(ctx)));
    return next();
  };
}
