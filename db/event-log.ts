import type { Fact } from '../domain/order/order.ts';
import { type Database, named } from './connection.ts';

/** A fact and where it stands in the log. */
export interface LoggedFact extends Fact {
  /** Grows with every commit: whoever has read up to one has missed nothing before it. */
  position: number;
}

/** What happened to the orders, in the order in which it was committed (design §5). */
export interface EventLog {
  /** The oldest facts behind a position, at most `limit`; of one order, or of all. */
  after(position: number, options: { orderId?: string; limit: number }): Promise<LoggedFact[]>;
  /** The position of the newest fact; 0 before the first. */
  end(): Promise<number>;
}

export function createEventLog(database: Database): EventLog {
  const after: EventLog['after'] = (position, { orderId, limit }) => {
    const rows = database('order_events').where('position', '>', position).orderBy('position').limit(limit);
    if (orderId) rows.where({ order_id: orderId });
    return named(orderId ? 'log-of-order' : 'log', rows.select('position', 'event', { order: 'snapshot' }));
  };

  async function end(): Promise<number> {
    const newest = await named('log-end', database('order_events').max({ position: 'position' }).first());
    return newest?.position ?? 0;
  }

  return { after, end };
}
