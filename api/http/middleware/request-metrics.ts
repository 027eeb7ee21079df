import type Router from '@koa/router';
import { Gauge, Histogram, type Registry } from '@prometheus-io/client';
import type { Context, Middleware } from 'koa';
import type { Route } from '../route.ts';

/** In seconds: from what the menu takes to where a client's patience ends. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'OPTIONS']);

/** What answers without being a route, by where its paths begin. */
const PAGES =
  /^\/(oauth\/(token|revoke|authorize|sign-in|logout)|[.]well-known|docs|(openapi|asyncapi)[.](json|yaml)|account|dev\/emails|metrics|$)(?=\/|$)/;

/** As nginx has it: the client was gone before there was an answer. */
const CLIENT_GONE = 499;

/**
 * Measures every request by method, route and status, and those under way. Routes are templates such as `/v1/orders/{id}`,
 * and what nobody knows is one of them: clients must not be able to make up series.
 */
export function measureRequests(registry: Registry, routes: readonly Route[], router: Router): Middleware {
  const registers = [registry];
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'From the headers of a request to the end of its answer; for event streams, as long as they were open.',
    labelNames: ['method', 'route', 'status'],
    buckets: BUCKETS,
    registers,
  });
  const underWay = new Gauge({
    name: 'http_requests_in_flight',
    help: 'Requests that are not answered to the end, open event streams included.',
    registers,
  });
  const templates = new Map<unknown, string>(routes.map(({ operationId, path }) => [operationId, path]));

  /** Who was refused at the door never came to a route; which one they meant counts. */
  function routeOf({ _matchedRouteName: name, path, method }: Context): string {
    const reached = templates.get(name);
    if (reached) return reached;
    const { pathAndMethod, path: others } = router.match(path, method);
    return templates.get((pathAndMethod[0] ?? others[0])?.name) ?? PAGES.exec(path)?.[0] ?? 'unknown';
  }

  return (ctx, next) => {
    const start = performance.now();
    underWay.inc();
    ctx.res.once('close', () => {
      underWay.dec();
      const labels = {
        method: METHODS.has(ctx.method) ? ctx.method : 'other',
        route: routeOf(ctx),
        status: ctx.res.headersSent ? ctx.status : CLIENT_GONE,
      };
      durations.observe(labels, (performance.now() - start) / 1_000);
    });
    return next();
  };
}
