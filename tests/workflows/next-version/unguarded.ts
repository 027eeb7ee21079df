import { upsertMemo } from '@temporalio/workflow';
import type { Order } from '../../../domain/order/order.ts';
import type { OrderRunOptions, Start } from '../../../workflows/messages/definitions.ts';
import { order as presentOrder } from '../../../workflows/order.ts';

/** The change of guarded.ts without a guard for open orders. */
export async function order(start: Start, runOptions?: OrderRunOptions): Promise<Order> {
  upsertMemo({ counter: 1 });
  return presentOrder(start, runOptions);
}
