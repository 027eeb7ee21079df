import { condition } from '@temporalio/workflow';
import type { OrderBook } from './order-book.ts';
import { untilCancelled } from './until-cancelled.ts';

/** Raises the alerts that an order's patience runs into; a change of status starts the clock anew. */
export const watch = (book: OrderBook): Promise<void> =>
  untilCancelled(async () => {
    while (!book.final) {
      const next = book.nextAlert();
      const left = next ? next.at - Date.now() : Number.POSITIVE_INFINITY;
      if (next && left <= 0) {
        book.raise(next.alert);
        continue;
      }
      const { since, order } = book;
      const moved = () => book.since !== since || book.order.status !== order.status;
      if (next) await condition(moved, left, { summary: `${next.alert}?` });
      else await condition(moved);
    }
  });
