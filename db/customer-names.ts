import { openStatuses } from '../domain/order/transitions.ts';
import type { Database } from './connection.ts';

const SET = `
  INSERT INTO customer_names (order_id, name) VALUES (:orderId, :name)
  ON CONFLICT (order_id) DO UPDATE SET name = excluded.name, changed_at = now()
  WHERE customer_names.name IS DISTINCT FROM excluded.name`;

const CONFIRM = `
  UPDATE customer_names
  SET name = :name, changed_at = CASE WHEN name IS DISTINCT FROM :name::text THEN now() ELSE changed_at END
  WHERE order_id = :orderId RETURNING name`;

/** How many names one statement deletes at most. */
const MAX_DELETED = 5_000;

/**
 * Deletes names of orders that ended before the limit. An ended order does not change, so `updatedAt` is the time of its end. Also
 * deletes old names without an order, which belong to requests that failed.
 */
const DELETE_ENDED = `
  WITH limits AS (SELECT now() - make_interval(days => :days) AS before)
  DELETE FROM customer_names WHERE order_id IN (
    SELECT order_id FROM customer_names, limits WHERE created_at < before AND NOT EXISTS (
      SELECT FROM orders WHERE id = order_id
        AND (status = ANY(:openStatuses) OR (snapshot ->> 'updatedAt')::timestamptz >= before)
    ) LIMIT :max
  )`;

/** Stores the names of customers of counter orders. Each counter order has a row until its name is deleted. */
export function createCustomerNames(database: Database) {
  const byOrder = (orderId: string) => database('customer_names').where({ order_id: orderId });

  return {
    /** Returns the name of an order's customer; null if the order has no name, or if the name was deleted. */
    find: async (orderId: string): Promise<string | null> => (await byOrder(orderId).first('name'))?.name ?? null,

    /**
     * Adds the name of an order before it is placed, unless another request with the same idempotency key has added one.
     *
     * @returns whether the name was added
     */
    async add(orderId: string, name: string | null): Promise<boolean> {
      const added = await database('customer_names')
        .insert({ order_id: orderId, name })
        .onConflict()
        .ignore()
        .returning('order_id');
      return added.length > 0;
    },

    /** Inserts or replaces the name of an order that was just placed. */
    async set(orderId: string, name: string | null): Promise<void> {
      await database.raw(SET, { orderId, name });
    },

    /** Replaces the name of an order, unless its name was deleted. Returns the stored name. */
    async confirm(orderId: string, name: string | null): Promise<string | null> {
      const { rows } = await database.raw<{ rows: { name: string | null }[] }>(CONFIRM, { orderId, name });
      return rows[0]?.name ?? null;
    },

    /**
     * Deletes the names of orders that ended more than this number of days ago. Returns the number of deleted names.
     *
     * @param max how many names one statement deletes at most
     */
    async deleteEnded(days: number, max = MAX_DELETED): Promise<number> {
      let deleted = 0;
      for (let count = max; count === max; deleted += count) {
        ({ rowCount: count } = await database.raw<{ rowCount: number }>(DELETE_ENDED, { days, openStatuses, max }));
      }
      return deleted;
    },
  };
}

export type CustomerNames = ReturnType<typeof createCustomerNames>;
