import { upsertMemo } from '@temporalio/workflow';
import type { Order } from '../../../domain/order/order.ts';
import type { OrderRunOptions, Start } from '../../../workflows/messages/definitions.ts';
import { order as presentOrder } from '../../../workflows/order.ts';

/**
 * The change of guarded.ts, for orders whose start contains the new field. The API sends the field after the last old worker has
 * stopped.
 */
export async function order(start: Start & { counter?: number }, runOptions?: OrderRunOptions): Promise<Order> {
  if (start.counter !== undefined) upsertMemo({ counter: start.counter });
  return presentOrder(start, runOptions);
}
