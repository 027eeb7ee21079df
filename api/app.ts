import Koa, { type Context, type Middleware, type Request } from 'koa';
import type { Logger } from '../config/logger.ts';
import type { Registry } from '../config/metrics.ts';
import type { Auth } from './auth/auth.ts';
import { rejectInvalidCredentials } from './auth/authenticate.ts';
import { describeEvents } from './docs/asyncapi.ts';
import { docs } from './docs/docs.ts';
import { type DocumentedShop, describeApi } from './docs/openapi.ts';
import type { createClientAddress } from './http/limits/client-address.ts';
import type { Limits } from './http/limits/limits.ts';
import { boundedQuery } from './http/middleware/bounded-query.ts';
import { allowOrigins, allowTemporalUi } from './http/middleware/cross-origin.ts';
import { answerProblems } from './http/middleware/problems.ts';
import { limitApiRequests, limitOtherRequests } from './http/middleware/rate-limits.ts';
import { type RequestState, requestLog } from './http/middleware/request-log.ts';
import { measureRequests } from './http/middleware/request-metrics.ts';
import { secureAnswers } from './http/middleware/security-headers.ts';
import type { Pages } from './http/pages/page.ts';
import { methodNotAllowed } from './http/problem.ts';
import type { Route } from './http/route.ts';
import { createRouting } from './http/routing.ts';

export interface AppDependencies {
  auth: Auth;
  routes: Route[];
  shop: DocumentedShop;
  pages: Pages;
  /** Pages and other paths that need no access token. */
  otherPages: Middleware<RequestState>[];
  temporalUi?: string | undefined;
  logger: Logger;
  metrics: Registry;
  clientAddress: ReturnType<typeof createClientAddress>;
  /** undefined: no rate limits. */
  limits: Limits | undefined;
  /** The origins whose pages may use the API. */
  origins: readonly string[];
}

/** Answers a wrong method on a literal path such as `/v1/orders/quote`. The router would try `/v1/orders/{id}` instead. */
function literalPathsFirst(routes: readonly Route[]): Middleware {
  const literal = Map.groupBy(
    routes.filter(({ path }) => !path.includes('{')),
    ({ path }) => path,
  );
  return (ctx, next) => {
    const known = literal.get(ctx.path)?.map(({ method }) => method.toUpperCase());
    const allowed = known?.flatMap((method) => (method === 'GET' ? ['HEAD', 'GET'] : [method]));
    if (!allowed || allowed.includes(ctx.method)) return next();
    const allow = allowed.join(', ');
    if (ctx.method !== 'OPTIONS') throw methodNotAllowed(ctx, allow);
    ctx.set({ allow });
    ctx.body = '';
    ctx.status = 200;
  };
}

/** Returns the Koa application. Requests pass through the middleware in the order of the calls of `use`. */
export function createApp(dependencies: AppDependencies): Koa {
  const { auth, routes, shop, pages, logger, clientAddress, limits } = dependencies;
  const app = new Koa();
  app.keys = auth.keys;
  const routing = createRouting(routes);
  const placing = new Set(routes.filter(({ quota }) => quota === 'placing').map(({ operationId }) => operationId));
  const isPlacing = ({ path, method }: Context) =>
    routing.match(path, method).pathAndMethod.some(({ name }) => placing.has(String(name)));
  // Koa's `ctx.ip` is the first of `ips`, so this makes it the client's address.
  Object.defineProperty(app.request, 'ips', {
    get(this: Request) {
      return [clientAddress(this.req)];
    },
  });

  app.use(measureRequests(dependencies.metrics, routes, routing));
  app.use(requestLog(logger));
  app.use(secureAnswers(shop.publicUrl.startsWith('https:')));
  app.use(allowOrigins(dependencies.origins, routes));
  app.use(allowTemporalUi(dependencies.temporalUi));
  app.use(answerProblems(pages));
  app.use(boundedQuery());
  if (limits) app.use(limitOtherRequests(limits));
  app.use(auth.endpoints);
  const openapi = describeApi(routes, { passwordGrant: auth.passwordGrant, shop });
  app.use(docs({ openapi, asyncapi: describeEvents(shop) }, shop.name));
  for (const page of dependencies.otherPages) app.use(page);
  app.use(auth.authenticate);
  if (limits) app.use(limitApiRequests(limits, isPlacing));
  app.use(rejectInvalidCredentials);
  app.use(literalPathsFirst(routes));
  app.use(routing.middleware);
  // Koa emits errors that occur after the response has begun, for example when a client disconnects.
  app.on('error', (error) => logger.warn({ err: error }, 'response ended early'));
  return app;
}
