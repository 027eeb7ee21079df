import { cancellationSignal, heartbeat, log } from '@temporalio/activity';
import type { Journal } from '../db/journal.ts';
import type { OrderRepository } from '../db/orders.ts';
import { type Cursor, type Page, reconcilePage, type WorkflowRecords } from './reconcile-orders.ts';

/** Compares a page of orders with their workflows and mends what can be mended; see {@link reconcilePage}. */
export function createReconcile(dependencies: { records: WorkflowRecords; orders: OrderRepository; journal: Journal }) {
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
