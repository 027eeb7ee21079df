import { meRoutes } from './accounts/me-routes.ts';
import { userRoutes } from './accounts/user-routes.ts';
import { catalogRoutes } from './catalog/menu-routes.ts';
import { productRoutes } from './catalog/product-routes.ts';
import type { Route } from './http/route.ts';
import { notificationRoutes } from './notifications/routes.ts';
import { codecRoutes } from './operations/codec.ts';
import { healthRoutes } from './operations/health.ts';
import { orderRoutes } from './orders/routes.ts';
import { streamRoutes } from './streams/routes.ts';
import { webhookRoutes } from './webhooks/routes.ts';

/** What all routes together need. */
export type RouteDependencies = Parameters<typeof catalogRoutes>[0] &
  Parameters<typeof productRoutes>[0] &
  Parameters<typeof orderRoutes>[0] &
  Parameters<typeof streamRoutes>[0] &
  Parameters<typeof codecRoutes>[0] &
  Parameters<typeof notificationRoutes>[0] &
  Parameters<typeof meRoutes>[0] &
  Parameters<typeof userRoutes>[0] &
  Parameters<typeof webhookRoutes>[0] & {
    checks: Parameters<typeof healthRoutes>[0];
    /** Identifies this process in `/health/ready`. */
    instance: string;
  };

/** Every route of the API, in the order of the docs page. */
export function allRoutes(dependencies: RouteDependencies): Route[] {
  return [
    ...catalogRoutes(dependencies),
    // Before the orders, or `events` would be the id of one.
    ...streamRoutes(dependencies),
    ...orderRoutes(dependencies),
    ...productRoutes(dependencies),
    ...meRoutes(dependencies),
    ...userRoutes(dependencies),
    ...notificationRoutes(dependencies),
    ...webhookRoutes(dependencies),
    ...codecRoutes(dependencies),
    ...healthRoutes(dependencies.checks, dependencies.instance),
  ];
}
