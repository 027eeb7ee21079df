import type { PayloadCodec } from '@temporalio/common';
import type { FollowLinks } from '../mail/follow-links.ts';
import { meRoutes } from './accounts/me-routes.ts';
import type { AccountService } from './accounts/service.ts';
import { userRoutes } from './accounts/user-routes.ts';
import type { Auth } from './auth/auth.ts';
import type { Menu } from './catalog/menu.ts';
import { catalogRoutes } from './catalog/menu-routes.ts';
import { optionGroupRoutes } from './catalog/option-group-routes.ts';
import { productRoutes } from './catalog/product-routes.ts';
import { catalogInput } from './catalog/schemas.ts';
import type { CatalogService } from './catalog/service.ts';
import type { Route } from './http/route.ts';
import { notificationRoutes } from './notifications/routes.ts';
import type { Sns } from './notifications/sns.ts';
import { codecRoutes } from './operations/codec.ts';
import { type Check, healthRoutes } from './operations/health.ts';
import type { Resend } from './orders/resending.ts';
import { orderRoutes } from './orders/routes.ts';
import type { OrderService } from './orders/service.ts';
import type { Repositories } from './repositories.ts';
import { streamRoutes } from './streams/routes.ts';
import type { Streams } from './streams/streams.ts';
import { webhookRoutes } from './webhooks/routes.ts';
import type { WebhookService } from './webhooks/service.ts';

/** The repositories and services behind the routes. */
export interface RouteDependencies extends Repositories {
  currency: string;
  menu: Menu;
  catalogService: CatalogService;
  orderService: OrderService;
  resend: Resend;
  accountService: AccountService;
  webhookService: WebhookService;
  streams: Streams;
  callers: Auth['callers'];
  tickets: Auth['tickets'];
  followLinks: FollowLinks;
  /** undefined if `SES_TOPIC_ARN` is not set. */
  sns: Sns | undefined;
  returnedEmail: (message: string) => Promise<void>;
  codec: PayloadCodec;
  /** Readiness checks by the name of the part. */
  checks: Record<string, Check>;
  instance: string;
}

/** Returns every route of the API, in the order of the docs page. */
export function allRoutes(dependencies: RouteDependencies): Route[] {
  const catalog = { ...dependencies, input: catalogInput(dependencies.currency) };
  return [
    ...catalogRoutes(dependencies),
    // Before the order routes, where `events` would be an order id.
    ...streamRoutes(dependencies),
    ...orderRoutes(dependencies),
    ...productRoutes(catalog),
    ...optionGroupRoutes(catalog),
    ...meRoutes(dependencies),
    ...userRoutes(dependencies),
    ...notificationRoutes(dependencies),
    ...webhookRoutes(dependencies),
    ...codecRoutes(dependencies),
    ...healthRoutes(dependencies.checks, dependencies.instance),
  ];
}
