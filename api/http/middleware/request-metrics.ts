import { Gauge, Histogram, type Registry } from '@prometheus-io/client';
import type { Context, Middleware } from 'koa';
import type { Route } from '../route.ts';
import type { Routing } from '../routing.ts';

/** The buckets of the histogram, in seconds. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'OPTIONS']);

/** Paths, or their first segments, that are served without a {@link Route}. */
const PAGES =
  /^\/(oauth\/(token|revoke|authorize|sign-in|logout)|[.]well-known|docs|web|board|display|orders|(openapi|asyncapi)[.](json|yaml)|account|dev\/emails|metrics|$)(?=\/|$)/;

/** The status for a client that closed the connection before the response, as in nginx. */
const CLIENT_GONE = 499;

/**
 * Measures the duration of every request by method, route and status, and counts the requests in flight. A route is a template
 * such as `/v1/orders/{id}`, or `unknown`. Paths are not used, because clients could then create time series without limit.
 */
export function measureRequests(registry: Registry, routes: readonly Route[], routing: Routing): Middleware {
  const registers = [registry];
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the headers of a request to the end of its response; for event streams, until they close.',
    labelNames: ['method', 'route', 'status'],
    buckets: BUCKETS,
    registers,
  });
  const inFlight = new Gauge({
    name: 'http_requests_in_flight',
    help: 'Requests without a complete response, including open event streams.',
    registers,
  });
  const templates = new Map<unknown, string>(routes.map(({ operationId, path }) => [operationId, path]));

  /** Returns the requested route, even if a middleware rejected the request before the router. */
  function routeOf({ _matchedRouteName: name, path, method }: Context): string {
    const reached = templates.get(name);
    if (reached) return reached;
    const { pathAndMethod, path: others } = routing.match(path, method);
    return templates.get((pathAndMethod[0] ?? others[0])?.name) ?? PAGES.exec(path)?.[0] ?? 'unknown';
  }

  return (ctx, next) => {
    const start = performance.now();
    inFlight.inc();
    ctx.res.once('close', () => {
      inFlight.dec();
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
