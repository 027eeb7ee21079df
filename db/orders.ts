import type { Channel } from '../domain/order/channel.ts';
import type { Rejection } from '../domain/order/journal-entry.ts';
import type { Fact, Order, OrderEvent } from '../domain/order/order.ts';
import { openStatuses, type Status } from '../domain/order/transitions.ts';
import type { Database } from './connection.ts';
import type { DeliveryState } from './deliveries.ts';
import { prepare } from './prepared-statement.ts';

/** An order with its customer's name, which is joined when the order is read. */
export interface OrderView {
  order: Order;
  /** `null` if the account was erased, or if a counter order has no name. */
  customerName: string | null;
  /** When the customer was last renamed; `null` for never; undefined if the order was not read from Postgres. */
  customerRenamedAt?: Date | null;
  /** `false` if the account was erased or the name of a counter order was deleted; undefined as above. */
  isCustomerKnown?: boolean;
}

/** The answer to an accepted request, which a repeated request with the same idempotency key gets again. */
export interface BoundAnswer {
  /** The order after the request. */
  order: Order;
  /** The fingerprint of the request. */
  fingerprint: string;
}

/** The filters of a list, which are combined with AND. */
export interface OrderFilter {
  status?: Status[];
  number?: number;
  customerId?: string;
  channel?: Channel;
  /** Inclusive, RFC 3339. */
  placedFrom?: string;
  /** Exclusive, RFC 3339. */
  placedTo?: string;
  sort: 'placedAt' | '-placedAt' | '-updatedAt';
  limit: number;
  /** The last order of the previous page, with the time by which the list is sorted. */
  after?: readonly [time: string, id: string] | undefined;
}

/** An entry of a timeline, before it is filtered for its reader. */
export type TimelineRow =
  | { kind: 'event'; at: Date; event: OrderEvent }
  | { kind: 'rejected'; at: Date; rejection: Rejection }
  | {
      kind: 'delivery';
      at: Date;
      event_id: string;
      channel: string;
      recipient: string;
      attempt: number;
      outcome: DeliveryState;
      detail: string | null;
      id: string;
      /** Oldest first. */
      attempts: { at: string; outcome: DeliveryState; detail: string | null }[];
    };

/** The attempts of a delivery as JSON, with times in RFC 3339. */
const ATTEMPTS = `coalesce((
  SELECT json_agg(json_build_object(
    'at', to_char(a.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'outcome', a.outcome, 'detail', a.detail
  ) ORDER BY a.at)
  FROM delivery_attempts a WHERE a.delivery_id = deliveries.id
), '[]')`;

/**
 * Selects the answer to an idempotency key. If an event has the key, the answer is the order after that event. If an edit that
 * changed nothing has the key, the answer is the order at the time of the edit, with the alerts raised until then.
 */
const findAnswer = prepare<BoundAnswer>(
  'answer-to-key',
  `
  SELECT snapshot AS order, event -> 'key' ->> 'fingerprint' AS fingerprint
  FROM order_events WHERE order_id = :orderId AND key_hash = :keyHash
  UNION ALL
  SELECT e.snapshot, u.fingerprint
  FROM unchanged_edits u CROSS JOIN LATERAL (
    SELECT snapshot FROM order_events e
    WHERE e.order_id = u.order_id AND e.version = u.version
      AND (e.id = u.order_id || ':' || u.version OR e.at <= u.at)
    ORDER BY position DESC LIMIT 1
  ) e
  WHERE u.order_id = :orderId AND u.key_hash = :keyHash`,
);

/** The time of the last change, as the index contains it. */
const LAST_CHANGE = `(orders.snapshot ->> 'updatedAt') COLLATE "C"`;

/** Reads orders from the tables that the journal writes. */
export function createOrderRepository(database: Database) {
  const views = () =>
    database('orders')
      .leftJoin('users', 'users.id', 'orders.customer_id')
      .leftJoin('customer_names AS named', 'named.order_id', 'orders.id')
      .select({
        order: 'orders.snapshot',
        customerName: database.raw('coalesce(users.name, named.name)'),
        customerRenamedAt: database.raw('coalesce(users.name_changed_at, named.changed_at)'),
        isCustomerKnown: database.raw('coalesce(users.id, named.order_id) IS NOT NULL'),
      });

  const findView = prepare<OrderView>('order', views().where('orders.id', database.raw(':id')).toString());

  return {
    find: async (id: string): Promise<OrderView | undefined> => (await findView(database, { id })).rows[0],

    /** Returns the answer to an idempotency key; undefined if no request with that key was accepted. */
    async answerTo(orderId: string, keyHash: string): Promise<BoundAnswer | undefined> {
      const { rows } = await findAnswer(database, { orderId, keyHash });
      return rows[0];
    },

    async list(filter: OrderFilter): Promise<OrderView[]> {
      const { status, number, customerId, channel, placedFrom, placedTo, sort, limit, after } = filter;
      const [order, later] = sort === 'placedAt' ? ['asc', '>'] : ['desc', '<'];
      const time = sort === '-updatedAt' ? LAST_CHANGE : 'orders.placed_at';
      const query = views().orderByRaw(`${time} ${order}, orders.id ${order}`).limit(limit);
      if (status) query.whereIn('orders.status', status);
      if (number !== undefined) query.where('orders.number', number);
      if (customerId !== undefined) query.where('orders.customer_id', customerId);
      if (channel === 'counter') query.whereNull('orders.customer_id');
      if (channel === 'online') query.whereNotNull('orders.customer_id');
      // Converted to dates, because RFC 3339 allows years, offsets and fractions that Postgres cannot parse.
      if (placedFrom !== undefined) query.where('orders.placed_at', '>=', new Date(placedFrom));
      if (placedTo !== undefined) query.where('orders.placed_at', '<', new Date(placedTo));
      if (after) {
        const last = sort === '-updatedAt' ? after[0] : new Date(after[0]);
        query.whereRaw(`(${time}, orders.id) ${later} (?, ?)`, [last, after[1]]);
      }
      return query;
    },

    /** Returns the ids of open orders, sorted. @param after the last id of the previous page; '' for the first page */
    async open(after: string, limit: number): Promise<string[]> {
      const query = database('orders').whereIn('status', openStatuses).orderBy('id').limit(limit);
      if (after) query.where('id', '>', after);
      return query.pluck('id');
    },

    /** Returns all facts of an order, by version. An alert comes after the event whose version it shares. */
    facts: (orderId: string): Promise<Fact[]> =>
      database('order_events')
        .where({ order_id: orderId })
        // By version first, because an alert may have been recorded after events of later versions.
        .orderBy(['version', 'position'])
        .select('event', { order: 'snapshot' }),

    /** Returns the fact of an event or alert. */
    fact: (eventId: string): Promise<Fact | undefined> =>
      database('order_events').where({ id: eventId }).first('event', { order: 'snapshot' }),

    /** Returns everything that happened to an order, oldest first. */
    async timeline(orderId: string): Promise<TimelineRow[]> {
      const [events, rejections, deliveries] = await Promise.all([
        database('order_events').where({ order_id: orderId }).orderBy('version').select('at', 'event'),
        database('order_rejections')
          .where({ order_id: orderId })
          .orderByRaw('at, length(id), id')
          .select('at', 'rejection'),
        database('deliveries')
          .where({ order_id: orderId })
          .orderBy(['at', 'event_id', 'channel', 'recipient'])
          .select('*', { attempts: database.raw(ATTEMPTS) }),
      ]);
      const rows: TimelineRow[] = [
        ...events.map((row) => ({ kind: 'event' as const, ...row })),
        ...rejections.map((row) => ({ kind: 'rejected' as const, ...row })),
        ...deliveries.map((row) => ({ kind: 'delivery' as const, ...row })),
      ];
      return rows.sort((one, other) => one.at.getTime() - other.at.getTime());
    },
  };
}

export type OrderRepository = ReturnType<typeof createOrderRepository>;
