import type { Context, Middleware } from 'koa';
import mount from 'koa-mount';
import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import { isOutage } from '../../db/outage.ts';
import type { RequestState } from '../middleware/request-log.ts';

/** What is open, and to which methods. The rest of the library's routes wait for the sign-in page. */
const OPEN = new Map([
  ['/oauth/token', ['POST', 'OPTIONS']],
  ['/oauth/revoke', ['POST', 'OPTIONS']],
  ['/.well-known/jwks.json', ['GET', 'HEAD', 'OPTIONS']],
  ['/.well-known/openid-configuration', ['GET', 'HEAD', 'OPTIONS']],
  ['/.well-known/oauth-authorization-server', ['GET', 'HEAD', 'OPTIONS']],
]);

function refuse(ctx: Context, status: number, description: string) {
  ctx.status = status;
  ctx.body = { error: 'invalid_request', error_description: description };
}

/** The library knows nothing of our middleware, so neither do its types. */
const logOf = (ctx: KoaContextWithOIDC) => (ctx.state as RequestState).log;

/** Says what the library keeps to itself, and puts an outage into words a client can act on. */
function listenToErrors(provider: Provider) {
  provider.on('server_error', (ctx: KoaContextWithOIDC, error: unknown) => {
    const outage = isOutage(error);
    logOf(ctx).error({ err: error }, 'OAuth2 request failed');
    if (outage) {
      ctx.status = 503;
      ctx.set('Retry-After', '5');
    }
    ctx.body = {
      error: 'server_error',
      error_description: outage ? 'The service is unavailable for the moment; try again.' : 'Something went wrong.',
    };
  });
  const refused = (ctx: KoaContextWithOIDC, error: Error & { error_detail?: string }) =>
    logOf(ctx).info({ error: error.message, detail: error.error_detail }, 'OAuth2 request refused');
  provider.on('grant.error', refused);
  provider.on('revocation.error', refused);
}

/**
 * `/oauth/*` and the discovery documents. They read their bodies themselves, so this goes before any body parser, but
 * after the request log.
 * Everything under `/oauth/` is answered here, errors as RFC 6749 §5.2 has them; any other path goes on.
 */
export function createEndpoints(provider: Provider): Middleware<RequestState> {
  listenToErrors(provider);
  const serve = mount(provider);
  return async (ctx, next) => {
    const methods = OPEN.get(ctx.path);
    if (!methods) {
      return ctx.path.startsWith('/oauth/') ? refuse(ctx, 404, 'There is no such endpoint.') : next();
    }
    if (!methods.includes(ctx.method)) {
      ctx.set('Allow', methods.join(', '));
      return refuse(ctx, 405, `${ctx.path} takes ${methods.join(', ')}.`);
    }
    await serve(ctx, next);
    // RFC 8414 §2: left out as long as no grant type uses it, which the library cannot be told.
    const document = ctx.body as { authorization_endpoint?: string } | undefined;
    if (document?.authorization_endpoint) delete document.authorization_endpoint;
  };
}
