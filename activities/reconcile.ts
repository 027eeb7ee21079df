import { cancellationSignal, heartbeat, log } from '@temporalio/activity';
import type { AccountRequestRepository } from '../db/account-requests.ts';
import type { Journal } from '../db/journal.ts';
import type { OrderRepository } from '../db/orders.ts';
import type { UserRepository } from '../db/users.ts';
import { type ErasureRecords, eraseAgain } from './erase.ts';
import { type Cursor, type Page, reconcilePage, type WorkflowRecords } from './reconcile-orders.ts';

interface Dependencies {
  records: WorkflowRecords;
  orders: OrderRepository;
  journal: Journal;
}

/** Compares a page of orders with their workflows and mends what can be mended; see {@link reconcilePage}. */
export function createReconcile(dependencies: Dependencies) {
  return async (request: { cursor?: Cursor | undefined; size: number }): Promise<Page> => {
    const page = await reconcilePage(dependencies, request, () => {
      cancellationSignal().throwIfAborted();
      heartbeat();
    });
    for (const { orderId, repaired, why } of page.findings) {
      if (repaired > 0) log.info('The read model has been repaired', { orderId, entries: repaired });
      if (why) log.warn('Somebody has to look at an order', { orderId, why });
    }
    return page;
  };
}

interface People {
  erasures: ErasureRecords;
  users: Pick<UserRepository, 'eraseAgain'>;
  accountRequests: Pick<AccountRequestRepository, 'closeExpired'>;
}

/**
 * Forgets whom a restored backup may know again, see {@link eraseAgain}, and what people asked for and never confirmed.
 * Returns how many people.
 */
export function createForget(dependencies: People) {
  return async (): Promise<number> => {
    await dependencies.accountRequests.closeExpired();
    const erased = await eraseAgain(dependencies, heartbeat);
    if (erased > 0) log.info('People were erased again, as they had asked', { erased });
    return erased;
  };
}
