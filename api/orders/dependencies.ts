import type { Logger } from '../../config/logger.ts';
import type { CatalogView } from '../../db/catalog-view.ts';
import type { CustomerNames } from '../../db/customer-names.ts';
import type { Journal } from '../../db/journal.ts';
import type { OrderRepository } from '../../db/orders.ts';
import type { UserRepository } from '../../db/users.ts';
import type { AlertThresholds } from '../../domain/order/order.ts';
import type { OrderWorkflows } from './workflows.ts';

/** The dependencies of the order service. */
export interface OrderDependencies {
  catalog: CatalogView;
  orders: OrderRepository;
  users: Pick<UserRepository, 'find'>;
  customerNames: CustomerNames;
  journal: Journal;
  workflows: OrderWorkflows;
  currency: string;
  alertThresholds: AlertThresholds;
  logger: Logger;
}
