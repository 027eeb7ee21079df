import type { Route } from '../route.ts';
import { catalogRoutes } from './catalog.ts';
import { codecRoutes } from './codec.ts';
import { healthRoutes } from './health.ts';
import { meRoutes } from './me.ts';
import { notificationRoutes } from './notifications.ts';
import { orderRoutes } from './orders.ts';
import { productRoutes } from './products.ts';
import { streamRoutes } from './streams.ts';
import { userRoutes } from './users.ts';
import { webhookRoutes } from './webhooks.ts';

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
