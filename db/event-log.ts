import { alertOf } from '../domain/order/alerts.ts';
import type { Fact, Order } from '../domain/order/order.ts';
import { isFinal, openStatuses } from '../domain/order/transitions.ts';
import type { Database } from './connection.ts';
import { prepare } from './prepared-statement.ts';

/** A fact and its position in the log. */
export interface LoggedFact extends Fact {
  /** Facts commit in the order of their positions, so a reader that has read one position cannot miss an earlier one. */
  position: number;
}

/** The state of the log at one moment. */
export interface LogState {
  /** Identifies the log. The epoch changes when Postgres is restored from a backup, and positions of an older epoch are invalid. */
  epoch: string;
  /** The position of the newest fact; 0 for an empty log. */
  end: number;
}

/** A row of a page; an empty page is one row without a position. */
type PageRow = LogState & (LoggedFact | { position: null });

type Snapshot = LogState & { orders: Order[] };

/**
 * The epoch is a hash of the cluster's identifier, the cluster's timeline (new after a recovery), the database, and the table's
 * file (new after a dump is restored). Any other rewrite of the table also changes the epoch. This is harmless, because readers
 * then start again with a snapshot.
 */
const STATE = `
  WITH state AS MATERIALIZED (
    SELECT
      (SELECT coalesce(max(position), 0) FROM order_events) AS "end",
      left(md5(concat_ws(
        ' ',
        (SELECT system_identifier FROM pg_control_system()),
        left(pg_walfile_name(pg_current_wal_lsn()), 8),
        (SELECT oid FROM pg_database WHERE datname = current_database()),
        pg_relation_filenode('order_events')
      )), 12) AS epoch
  )`;

const pageOf = (condition: string) => `${STATE}
  SELECT state.epoch, state."end", page.* FROM state LEFT JOIN (
    SELECT position, event, snapshot AS "order" FROM order_events
    WHERE ${condition} ORDER BY position LIMIT :limit
  ) page ON true ORDER BY page.position`;

const page = prepare<PageRow>('log-page', pageOf('position > :position'));
const pageOfOrder = prepare<PageRow>('log-page-of-order', pageOf('position > :position AND order_id = :orderId'));

const snapshotOf = (condition: string) => `${STATE}
  SELECT state.epoch, state."end", (
    SELECT coalesce(json_agg(snapshot ORDER BY placed_at, id), '[]') FROM orders WHERE ${condition}
  ) AS orders FROM state`;

const snapshotOfOrder = prepare<Snapshot>('snapshot-of-order', snapshotOf('id = :orderId'));
const snapshotOfShop = prepare<Snapshot>('snapshot-of-shop', snapshotOf('status = ANY(:openStatuses)'));

const factsOfOrder = prepare<LoggedFact>(
  'log-of-order',
  'SELECT position, event, snapshot AS "order" FROM order_events WHERE order_id = :orderId ORDER BY position',
);

/** Reads the events of all orders in commit order. */
export function createEventLog(database: Database) {
  return {
    /** Returns the first facts after a position, of one order or of all orders, and the state of the log then. */
    async read(
      position: number,
      { orderId, limit }: { orderId?: string | undefined; limit: number },
    ): Promise<LogState & { facts: LoggedFact[] }> {
      const { rows } = orderId
        ? await pageOfOrder(database, { position, limit, orderId })
        : await page(database, { position, limit });
      const { epoch, end } = rows[0] as PageRow;
      const facts = rows.flatMap((row) =>
        row.position === null ? [] : [{ position: row.position, event: row.event, order: row.order }],
      );
      return { epoch, end, facts };
    },

    /**
     * Returns one order, or an empty list if it is not recorded. Without an id, returns all open orders, the oldest first. The
     * orders include every event up to the end of the log.
     */
    async snapshot(orderId?: string): Promise<Snapshot> {
      const { rows } = orderId
        ? await snapshotOfOrder(database, { orderId })
        : await snapshotOfShop(database, { openStatuses });
      return rows[0] as Snapshot;
    },

    /**
     * Returns the position of an order's last fact. Returns undefined if further facts can follow, because the order is not final
     * or an alert is not recorded yet.
     */
    async lastOf(orderId: string): Promise<number | undefined> {
      const { rows: facts } = await factsOfOrder(database, { orderId });
      const { order } = facts.findLast(({ event }) => !alertOf(event)) ?? {};
      if (!order || !isFinal(order.status)) return undefined;
      // An alert that was raised before the order was final may be recorded later.
      const alerts = facts.filter(({ event }) => alertOf(event));
      return alerts.length < order.flags.length ? undefined : facts.at(-1)?.position;
    },
  };
}

export type EventLog = ReturnType<typeof createEventLog>;
