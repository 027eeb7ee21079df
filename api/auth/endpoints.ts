import type { Context, Middleware } from 'koa';
import mount from 'koa-mount';
import { errors, type KoaContextWithOIDC, type Provider } from 'oidc-provider';
import { isOutage } from '../../db/outage.ts';
import type { RequestState } from '../http/middleware/request-log.ts';
import { isForPeople, type Pages, wantsPage } from '../http/pages/page.ts';
import { Problem, RETRY_AFTER_S } from '../http/problem.ts';
import { answerExpired, answerUnavailable, isPage } from './pages/error-pages.ts';
import { answerNextStep } from './pages/next-step.ts';
import type { PasswordVersions } from './password-versions.ts';

/** What is open, and to which methods. */
const OPEN: readonly [path: RegExp, methods: readonly string[]][] = [
  [/^\/oauth\/token$/, ['POST', 'OPTIONS']],
  [/^\/oauth\/revoke$/, ['POST', 'OPTIONS']],
  [/^\/oauth\/authorize(\/[\w-]+)?$/, ['GET', 'HEAD']],
  [/^\/oauth\/sign-in\/[\w-]+$/, ['GET', 'HEAD', 'POST']],
  [/^\/oauth\/logout(\/success)?$/, ['GET', 'HEAD']],
  [/^\/oauth\/logout\/confirm$/, ['POST']],
  [/^\/\.well-known\/(jwks\.json|openid-configuration|oauth-authorization-server)$/, ['GET', 'HEAD', 'OPTIONS']],
];

/** Refuses a request as RFC 6749 §5.2 has it, or with a page. */
function refuse(ctx: Context, problem: Problem): void {
  if (wantsPage(ctx)) throw problem;
  ctx.status = problem.status;
  ctx.set(problem.options.headers ?? {});
  ctx.body = { error: 'invalid_request', error_description: problem.message };
}

/** The library knows nothing of our middleware, so neither do its types. */
const logOf = (ctx: KoaContextWithOIDC) => (ctx.state as RequestState).log;

/** For programs, as RFC 6749 has it. */
function answerFailure(ctx: Pick<Context, 'status' | 'set' | 'body'>, error: unknown): void {
  const outage = isOutage(error);
  if (outage) {
    ctx.status = 503;
    ctx.set('Retry-After', RETRY_AFTER_S);
  }
  ctx.body = {
    error: outage ? 'temporarily_unavailable' : 'server_error',
    error_description: outage ? 'The service is unavailable for the moment; try again.' : 'Something went wrong.',
  };
}

/** Says what the library keeps to itself, and puts an outage into words a client can act on. */
function listenToErrors(provider: Provider): void {
  provider.on('server_error', (ctx: KoaContextWithOIDC, error: unknown) => {
    logOf(ctx).error({ err: error }, 'OAuth2 request failed');
    if (!isPage(ctx)) answerFailure(ctx, error);
  });
  const refused = (ctx: KoaContextWithOIDC, error: Error & { error_detail?: string }) =>
    logOf(ctx).info({ error: error.message, detail: error.error_detail }, 'OAuth2 request refused');
  provider.on('grant.error', refused);
  provider.on('revocation.error', refused);
  provider.on('authorization.error', refused);
}

export interface EndpointsOptions {
  pages: Pages;
  /** Where clients see the API. */
  issuer: string;
  /** The library with the keys of today. */
  provider(): Provider;
  signInPage: Middleware;
  /** All scopes there are: what a client asks for that names none. */
  scopes: readonly string[];
  passwordVersions: PasswordVersions;
}

/**
 * `/oauth/*` and the discovery documents. They read their bodies themselves, so this goes before any body parser, but
 * after the request log.
 * Everything under `/oauth/` is answered here, errors as RFC 6749 §5.2 has them, or as a page; any other path goes on.
 */
export function createEndpoints({
  issuer,
  pages,
  provider,
  signInPage,
  scopes,
  passwordVersions,
}: EndpointsOptions): Middleware<RequestState> {
  const mounted = new WeakMap<Provider, Middleware>();
  function serverOf(today: Provider): Middleware {
    const known = mounted.get(today);
    if (known) return known;
    listenToErrors(today);
    const serve = mount(today);
    mounted.set(today, serve);
    return serve;
  }

  return async (ctx, next) => {
    const [, methods] = OPEN.find(([path]) => path.test(ctx.path)) ?? [];
    if (!methods) {
      if (!ctx.path.startsWith('/oauth/')) return next();
      return refuse(ctx, new Problem('not_found', { detail: 'This endpoint does not exist.' }));
    }
    if (!methods.includes(ctx.method)) {
      const allow = methods.join(', ');
      return refuse(
        ctx,
        new Problem('method_not_allowed', {
          detail: `${ctx.path} does not support ${ctx.method}. Allowed methods: ${allow}.`,
          headers: { allow },
        }),
      );
    }
    // Browsers speak TLS with whatever stands in front of us, so their cookies are Secure, whatever that tells us.
    if (issuer.startsWith('https:')) {
      ctx.cookies.secure = true;
      ctx.req.headers['x-forwarded-proto'] = 'https';
    }
    // RFC 6749 §3.3: as with the other grants, who does not choose gets what the role may.
    if (ctx.path === '/oauth/authorize' && !ctx.query.scope) ctx.query = { ...ctx.query, scope: scopes.join(' ') };
    try {
      const serve = ctx.path.startsWith('/oauth/sign-in/') ? signInPage : serverOf(provider());
      await passwordVersions.run(() => serve(ctx, next));
      answerNextStep(ctx, pages);
    } catch (error) {
      // Where the library does not look, such as the sign-in page and the end of a session.
      if (error instanceof errors.InvalidGrant) {
        ctx.remove('location');
        return answerExpired(ctx, pages);
      }
      if (!isOutage(error)) throw error;
      ctx.state.log.error({ err: error }, 'OAuth2 request failed');
      if (isForPeople(ctx.path)) answerUnavailable(ctx, pages);
      else answerFailure(ctx, error);
    }
  };
}
