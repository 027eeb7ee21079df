import type { Context, Middleware } from 'koa';
import mount from 'koa-mount';
import { errors, type KoaContextWithOIDC, type Provider } from 'oidc-provider';
import { isOutage } from '../../db/outage.ts';
import { scopesOf } from '../../domain/scopes.ts';
import type { RequestState } from '../http/middleware/request-log.ts';
import { isBrowserPath, type Pages, wantsPage } from '../http/pages/page.ts';
import { methodNotAllowed, Problem, RETRY_AFTER_S } from '../http/problem.ts';
import { answerExpired, answerUnavailable, isPage } from './pages/error-pages.ts';
import { answerNextStep } from './pages/next-step.ts';
import type { PasswordVersions } from './password-versions.ts';

const ENDPOINTS: readonly [path: RegExp, methods: readonly string[]][] = [
  [/^\/oauth\/token$/, ['POST', 'OPTIONS']],
  [/^\/oauth\/revoke$/, ['POST', 'OPTIONS']],
  [/^\/oauth\/authorize(\/[\w-]+)?$/, ['GET', 'HEAD']],
  [/^\/oauth\/sign-in\/[\w-]+$/, ['GET', 'HEAD', 'POST']],
  [/^\/oauth\/logout(\/success)?$/, ['GET', 'HEAD']],
  [/^\/oauth\/logout\/confirm$/, ['POST']],
  [/^\/\.well-known\/(jwks\.json|openid-configuration|oauth-authorization-server)$/, ['GET', 'HEAD', 'OPTIONS']],
];

/** Rejects a request. Browsers get a page, programs get an error as in RFC 6749 §5.2. */
function reject(ctx: Context, problem: Problem): void {
  if (wantsPage(ctx)) throw problem;
  ctx.status = problem.status;
  ctx.set(problem.options.headers ?? {});
  ctx.body = { error: 'invalid_request', error_description: problem.message };
}

type OAuthError = readonly [error: string, description: string];
export const SERVER_ERROR: OAuthError = ['server_error', 'Internal server error.'];
export const UNAVAILABLE: OAuthError = [
  'temporarily_unavailable',
  'The service is temporarily unavailable. Try again.',
];

/** Answers a failed request with an error as in RFC 6749. */
function answerFailure(ctx: Pick<Context, 'status' | 'set' | 'body'>, cause: unknown): void {
  const outage = isOutage(cause);
  if (outage) {
    ctx.status = 503;
    ctx.set('Retry-After', RETRY_AFTER_S);
  }
  const [error, error_description] = outage ? UNAVAILABLE : SERVER_ERROR;
  ctx.body = { error, error_description };
}

/** Returns middleware that serves the provider, logs its errors, and answers outages with 503. */
export function mountProvider(provider: Provider): Middleware {
  const logOf = (ctx: KoaContextWithOIDC) => (ctx.state as RequestState).log;
  provider.on('server_error', (ctx: KoaContextWithOIDC, error: unknown) => {
    logOf(ctx).error({ err: error }, 'OAuth2 request failed');
    if (!isPage(ctx)) answerFailure(ctx, error);
  });
  const logRejection = (ctx: KoaContextWithOIDC, error: Error & { error_detail?: string }) =>
    logOf(ctx).info({ error: error.message, detail: error.error_detail }, 'OAuth2 request rejected');
  provider.on('grant.error', logRejection);
  provider.on('revocation.error', logRejection);
  provider.on('authorization.error', logRejection);
  return mount(provider);
}

export interface EndpointsOptions {
  pages: Pages;
  issuer: string;
  /** Returns the OAuth2 server with the current keys. */
  server(): Middleware;
  signInPage: Middleware;
  passwordVersions: PasswordVersions;
}

/**
 * Serves `/oauth/*` and the discovery documents. Passes other requests to the next middleware. Must come after the request log
 * and before any body parser.
 */
export function createEndpoints(options: EndpointsOptions): Middleware<RequestState> {
  const { issuer, pages, server, signInPage, passwordVersions } = options;
  return async (ctx, next) => {
    const [, methods] = ENDPOINTS.find(([path]) => path.test(ctx.path)) ?? [];
    if (!methods) {
      if (!ctx.path.startsWith('/oauth/')) return next();
      return reject(ctx, new Problem('not_found', { detail: 'This endpoint does not exist.' }));
    }
    if (!methods.includes(ctx.method)) return reject(ctx, methodNotAllowed(ctx, methods.join(', ')));
    // A proxy terminates TLS, so requests arrive as http. Cookies must be Secure even if the proxy sends another
    // `X-Forwarded-Proto`.
    if (issuer.startsWith('https:')) {
      ctx.cookies.secure = true;
      ctx.req.headers['x-forwarded-proto'] = 'https';
    }
    // A request without scopes counts as a request for all scopes. As with the other grants (RFC 6749 §3.3), the token gets
    // those that the role allows.
    if (ctx.path === '/oauth/authorize' && !ctx.query.scope) {
      ctx.query = { ...ctx.query, scope: scopesOf('manager').join(' ') };
    }
    try {
      const serve = ctx.path.startsWith('/oauth/sign-in/') ? signInPage : server();
      await passwordVersions.run(() => serve(ctx, next));
      answerNextStep(ctx, pages);
    } catch (error) {
      // oidc-provider does not catch errors of the sign-in page and of a sign-out, so they arrive here.
      if (error instanceof errors.InvalidGrant) {
        ctx.remove('location');
        return answerExpired(ctx, pages);
      }
      if (!isOutage(error)) throw error;
      ctx.state.log.error({ err: error }, 'OAuth2 request failed');
      if (isBrowserPath(ctx.path)) answerUnavailable(ctx, pages);
      else answerFailure(ctx, error);
    }
  };
}
