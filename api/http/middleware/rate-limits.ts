import type { Context, Middleware } from 'koa';
import type { AuthState } from '../../auth/authenticate.ts';
import type { Limits } from '../limits/limits.ts';
import { isExceeded, type Quota, type QuotaStatus } from '../limits/quota.ts';
import { wantsPage } from '../pages/page.ts';
import { Problem } from '../problem.ts';

/** Returns the headers of draft-ietf-httpapi-ratelimit-headers-11 and, if the quota is exceeded, `Retry-After`. */
export function quotaHeaders(status: QuotaStatus): Record<string, string> {
  const { policy, allowance, taken, resetsIn } = status;
  return {
    'ratelimit-policy': `"${policy}";q=${allowance.count};w=${allowance.seconds}`,
    ratelimit: `"${policy}";r=${Math.max(0, allowance.count - taken)};t=${resetsIn}`,
    ...(isExceeded(status) && { 'retry-after': String(resetsIn) }),
  };
}

/** Counts a request. Reads are counted in this process alone. @throws {Problem} `rate_limited` if the quota is exceeded */
async function count(ctx: Context, quota: Quota, key: string): Promise<void> {
  const isRead = ctx.method === 'GET' || ctx.method === 'HEAD';
  const status = await quota.take(key, isRead);
  ctx.set(quotaHeaders(status));
  if (!isExceeded(status)) return;
  const { allowance, resetsIn } = status;
  const detail = `At most ${allowance.count} requests in ${allowance.seconds} seconds are allowed. Try again in ${resetsIn} seconds.`;
  throw new Problem('rate_limited', { detail });
}

/** Health checks and metrics are never limited: they must work under load. */
const isHealth = ({ path }: Context) => path.startsWith('/health/') || path === '/metrics';

/** Ignores upper and lower case, as the router does. */
const isApi = ({ path }: Context) => /^\/v1\//i.test(path);

/** Counts requests outside `/v1/` by IP address: sign-in, docs, unknown paths. Under `/oauth/`, the error is as in RFC 6749. */
export function limitOtherRequests({ anonymous }: Pick<Limits, 'anonymous'>): Middleware {
  return async (ctx, next) => {
    if (isHealth(ctx) || isApi(ctx)) return next();
    try {
      await count(ctx, anonymous, ctx.ip);
    } catch (problem) {
      const isOAuth = problem instanceof Problem && ctx.path.startsWith('/oauth/');
      if (!isOAuth || wantsPage(ctx)) throw problem;
      ctx.status = problem.status;
      ctx.body = { error: 'temporarily_unavailable', error_description: problem.message };
      return;
    }
    return next();
  };
}

/** Counts requests to `/v1/` by user or, without valid credentials, by IP address. */
export function limitApiRequests(
  { placing, user, anonymous }: Limits,
  isPlacing: (ctx: Context) => boolean,
): Middleware<AuthState> {
  return async (ctx, next) => {
    if (!isApi(ctx)) return next();
    const id = ctx.state.caller?.id;
    if (id === undefined) await count(ctx, anonymous, ctx.ip);
    else await count(ctx, isPlacing(ctx) ? placing : user, id);
    return next();
  };
}
