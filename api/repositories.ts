import { createAccountRequestRepository } from '../db/account-requests.ts';
import { createCatalogView } from '../db/catalog-view.ts';
import type { Database } from '../db/connection.ts';
import { createCustomerNames } from '../db/customer-names.ts';
import { createDeliveryLedger } from '../db/deliveries.ts';
import { createEmailSuppressions } from '../db/email-suppressions.ts';
import { createEventLog } from '../db/event-log.ts';
import { createOidcArtifactRepository } from '../db/oidc-artifacts.ts';
import { createOptionGroupRepository } from '../db/option-groups.ts';
import { createOrderRepository } from '../db/orders.ts';
import { createProductRepository } from '../db/products.ts';
import { createUserRepository } from '../db/users.ts';
import { createWebhookDeliveryRepository } from '../db/webhook-deliveries.ts';
import { createWebhookRepository } from '../db/webhooks.ts';

export type Repositories = ReturnType<typeof createRepositories>;

export const createRepositories = (database: Database) => ({
  accountRequests: createAccountRequestRepository(database),
  artifacts: createOidcArtifactRepository(database),
  customerNames: createCustomerNames(database),
  catalogView: createCatalogView(database),
  eventLog: createEventLog(database),
  ledger: createDeliveryLedger(database),
  optionGroups: createOptionGroupRepository(database),
  orders: createOrderRepository(database),
  products: createProductRepository(database),
  suppressions: createEmailSuppressions(database),
  users: createUserRepository(database),
  webhookDeliveries: createWebhookDeliveryRepository(database),
  webhooks: createWebhookRepository(database),
});
