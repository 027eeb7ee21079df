import { patched, upsertMemo } from '@temporalio/workflow';
import type { Order } from '../../../domain/order/order.ts';
import type { OrderRunOptions, Start } from '../../../workflows/messages/definitions.ts';
import { order as presentOrder } from '../../../workflows/order.ts';

/** The next version of the order workflow. It writes a memo, except in replays of orders that older workers started. */
export async function order(start: Start, runOptions?: OrderRunOptions): Promise<Order> {
  if (patched('counter-in-memo')) upsertMemo({ counter: 1 });
  return presentOrder(start, runOptions);
}
