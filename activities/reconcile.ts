import { cancellationSignal, heartbeat, log } from '@temporalio/activity';
import type { AccountRequestRepository } from '../db/account-requests.ts';
import type { Journal } from '../db/journal.ts';
import type { OrderRepository } from '../db/orders.ts';
import type { UserRepository } from '../db/users.ts';
import { type ErasureRecords, eraseAgain } from './erase.ts';
import { type Cursor, type PageResult, reconcilePage, type WorkflowRecords } from './reconcile-orders.ts';

interface Dependencies {
  records: WorkflowRecords;
  orders: OrderRepository;
  journal: Journal;
}

/** Reconciles a page of orders, see {@link reconcilePage}. */
export function createReconcile(dependencies: Dependencies) {
  return async (request: { cursor?: Cursor | undefined; size: number }): Promise<PageResult> => {
    const page = await reconcilePage(dependencies, request, () => {
      cancellationSignal().throwIfAborted();
      heartbeat();
    });
    for (const { orderId, repaired, why } of page.findings) {
      if (repaired > 0) log.info('repaired the read model', { orderId, entries: repaired });
      if (why) log.warn('an operator must look at this order', { orderId, why });
    }
    return page;
  };
}

interface ForgetDependencies {
  erasures: ErasureRecords;
  users: Pick<UserRepository, 'eraseAgain'>;
  accountRequests: Pick<AccountRequestRepository, 'closeExpired'>;
}

/** Closes expired account requests, erases users again ({@link eraseAgain}), and returns the number of these users. */
export function createForget(dependencies: ForgetDependencies) {
  return async (): Promise<number> => {
    await dependencies.accountRequests.closeExpired();
    const erased = await eraseAgain(dependencies, heartbeat);
    if (erased > 0) log.info('erased users again after a restore', { erased });
    return erased;
  };
}
