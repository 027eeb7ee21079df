import { heartbeat } from '@temporalio/activity';
import type { Journal } from '../db/journal.ts';
import type { OrderRepository } from '../db/orders.ts';
import { type Reconciliation, reconcileOrders, type WorkflowRecords } from './reconcile-orders.ts';

/** Compares all orders with their workflows and mends what can be mended; see {@link reconcileOrders}. */
export function createReconcile(dependencies: { records: WorkflowRecords; orders: OrderRepository; journal: Journal }) {
  return (): Promise<Reconciliation> => reconcileOrders(dependencies, heartbeat);
}
