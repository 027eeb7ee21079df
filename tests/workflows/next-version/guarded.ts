import { patched, upsertMemo } from '@temporalio/workflow';
import type { Order } from '../../../domain/order/order.ts';
import type { OrderRunOptions, Start } from '../../../workflows/messages/definitions.ts';
import { order as presentOrder } from '../../../workflows/order.ts';

/** A next version of the order workflow that writes a memo, for orders that did not start without it. */
export async function order(start: Start, runOptions?: OrderRunOptions): Promise<Order> {
  if (patched('counter-in-memo')) upsertMemo({ counter: 1 });
  return presentOrder(start, runOptions);
}
