import { heartbeat } from '@temporalio/activity';
import type { AccountRequestRepository } from '../db/account-requests.ts';
import type { Journal } from '../db/journal.ts';
import type { OrderRepository } from '../db/orders.ts';
import type { UserRepository } from '../db/users.ts';
import { type ErasureRecords, eraseAgain } from './erase.ts';
import { type Reconciliation, reconcileOrders, type WorkflowRecords } from './reconcile-orders.ts';

interface Dependencies {
  records: WorkflowRecords;
  orders: OrderRepository;
  journal: Journal;
  erasures: ErasureRecords;
  users: UserRepository;
  accountRequests: AccountRequestRepository;
}

/**
 * Mends what a restore of Postgres may have undone: see {@link eraseAgain} and {@link reconcileOrders}. It comes by every
 * hour, so it also forgets what people asked for and never confirmed.
 */
export function createReconcile(dependencies: Dependencies) {
  return async (): Promise<Reconciliation & { erased: number }> => {
    await dependencies.accountRequests.closeExpired();
    const erased = await eraseAgain(dependencies, heartbeat);
    return { erased, ...(await reconcileOrders(dependencies, heartbeat)) };
  };
}
