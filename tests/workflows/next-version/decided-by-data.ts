import { upsertMemo } from '@temporalio/workflow';
import type { Order } from '../../../domain/order/order.ts';
import type { OrderRunOptions, Start } from '../../../workflows/messages/definitions.ts';
import { order as presentOrder } from '../../../workflows/order.ts';

/** The same change, made where an order was placed with what it needs: by an API that comes after the last old worker. */
export async function order(start: Start & { counter?: number }, ways?: OrderRunOptions): Promise<Order> {
  if (start.counter !== undefined) upsertMemo({ counter: start.counter });
  return presentOrder(start, ways);
}
