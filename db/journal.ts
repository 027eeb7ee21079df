import { isDeepStrictEqual } from 'node:util';
import { alertOf } from '../domain/order/alerts.ts';
import type { GivenUp, JournalEntry, Rejection, UnchangedEdit } from '../domain/order/journal-entry.ts';
import type { Fact, OrderEvent } from '../domain/order/order.ts';
import { addresses } from '../domain/order/recipients.ts';
import type { Database } from './connection.ts';
import { prepare } from './prepared-statement.ts';
import { transact } from './transaction.ts';
import { isUniqueViolation } from './unique-violation.ts';

/** The result of recording a fact. `already`: the fact was recorded before. `gap`: an earlier version of the order is missing. */
export type Journaled = 'applied' | 'already' | 'gap';

/** The name of the constraint that allows at most one event per order and idempotency key. */
const KEYS = 'order_events_order_id_key_hash_unique';

/** The id of the advisory lock for taking the next position and for advancing order numbers. Arbitrary, but must not change. */
const POSITIONS_LOCK = 4_271_001;

/** How many order numbers exist. They are cyclic: half of the other numbers count as later than a number, and half as earlier. */
const NUMBERS = 999;

const MOVE_NUMBERS = `
  SELECT setval('order_numbers', :number) FROM order_numbers
  WHERE (:number - last_value + (NOT is_called)::int + :numbers) % :numbers BETWEEN 1 AND :numbers / 2`;

/** What is recorded of an order and of one of its events. */
interface Recorded {
  /** The version of the order; null without an order. */
  version: number | null;
  /** The time of the event; null without an event. */
  at: Date | null;
}

/** What a statement of the journal returns. */
interface Written extends Recorded {
  /** The number of events that it added. */
  added: number;
}

const RECORDED =
  '(SELECT version FROM orders WHERE id = :id) AS version, (SELECT at FROM order_events WHERE id = :eventId) AS at';

const findRecorded = prepare<Recorded>('journaled', `SELECT ${RECORDED}`);

/**
 * Prepares a statement that records an event. The statement is one transaction and one round trip, and takes the lock only if it
 * is going to write. Each part reads from the part before it, so that the position is taken under the lock, and only after a
 * change. As a result, facts commit in the order of their positions.
 *
 * The statement also returns what was recorded when it began.
 *
 * @param changes common table expressions, of which `moved` returns the order if it was changed
 */
const prepareRecord = (name: string, changes: string, onConflict = '') =>
  prepare<Written>(
    name,
    `
  WITH ${changes},
  added AS (
    INSERT INTO order_events (id, order_id, version, position, at, event, snapshot, key_hash)
    SELECT :eventId, moved.id, moved.version, nextval('order_positions'), :at, :event, :order, :keyHash FROM moved
    ${onConflict}
    RETURNING id
  )
  SELECT (SELECT count(*) FROM added) AS added, ${RECORDED}`,
  );

const recordFirst = prepareRecord(
  'journal-first',
  `
  turn AS MATERIALIZED (
    SELECT pg_advisory_xact_lock(${POSITIONS_LOCK}) WHERE NOT EXISTS (SELECT FROM orders WHERE id = :id)
  ),
  moved AS (
    INSERT INTO orders (id, customer_id, number, status, version, snapshot, placed_at)
    SELECT :id, :customerId, :number, :status, :version, :order, :placedAt FROM turn
    ON CONFLICT (id) DO NOTHING
    RETURNING id, version
  )`,
);

const recordNext = prepareRecord(
  'journal-next',
  `
  turn AS MATERIALIZED (
    SELECT pg_advisory_xact_lock(${POSITIONS_LOCK}) FROM orders WHERE id = :id AND version = :version - 1
  ),
  moved AS (
    UPDATE orders SET status = :status, version = :version, snapshot = :order FROM turn
    WHERE orders.id = :id AND orders.version = :version - 1
    RETURNING orders.id, orders.version
  )`,
);

/** Records an alert. Sets its flag if the order still has the alert's version; newer versions have the flag already. */
const recordAlert = prepareRecord(
  'journal-alert',
  `
  turn AS MATERIALIZED (
    SELECT pg_advisory_xact_lock(${POSITIONS_LOCK}) FROM orders
    WHERE id = :id AND version >= :version AND NOT EXISTS (SELECT FROM order_events WHERE id = :eventId)
  ),
  flagged AS (
    UPDATE orders SET snapshot = :order FROM turn WHERE orders.id = :id AND orders.version = :version
  ),
  moved AS (SELECT orders.id, :version::int AS version FROM orders, turn WHERE orders.id = :id AND orders.version >= :version)`,
  'ON CONFLICT (id) DO NOTHING',
);

/** Returns JSON with U+FFFD in place of NUL, which Postgres rejects. Orders from older versions of Crema may contain NUL. */
function toJson(value: unknown): string {
  const text = JSON.stringify(value);
  if (!text.includes('\\u0000')) return text;
  return JSON.stringify(value, (_, part) => (typeof part === 'string' ? part.replaceAll('\0', '\ufffd') : part));
}

/** Writes the read model of orders. No other code writes it. */
export function createJournal(database: Database) {
  const journal = {
    /**
     * Applies a fact to the preceding version of its order, in one transaction. Idempotent. If the recorded fact of this version
     * has an earlier time, the workflow was reset. The new fact then replaces the recorded fact and all later ones.
     */
    async record({ event, order }: Fact): Promise<Journaled> {
      const { added, ...before } = await apply(database, { event, order });
      if (added === 1) return 'applied';
      // While the statement waited for the lock, another process may have recorded the event.
      const row = isRecorded(event, before) ? before : await readRecorded(database, event);
      if (!isRecorded(event, row)) return 'gap';
      if (alertOf(event) || !row.at || row.at.getTime() >= Date.parse(event.at)) return 'already';
      const isRewound = await journal.rewind(order.id, event.version - 1, row.version, event);
      // Another process may have replaced the recorded fact since it was read.
      const isChanged = isRewound || !isDeepStrictEqual(row, await readRecorded(database, event));
      return isChanged ? journal.record({ event, order }) : 'gap';
    },

    /**
     * Restores an earlier version of an order, after its workflow was reset to that version. The delivery ledger keeps its rows.
     *
     * @param from the version that the order must have
     * @param replacement must be later than the recorded event with its id. Otherwise, two processes could both restore the version
     * @returns whether the order was restored
     */
    rewind: (orderId: string, version: number, from: number, replacement?: OrderEvent): Promise<boolean> =>
      transact(database, async (transaction) => {
        const orders = () => transaction('orders').where({ id: orderId });
        const row = await orders().forUpdate().first('version');
        const events = transaction('order_events').where({ order_id: orderId, version });
        const last = await events.orderBy('position', 'desc').first('snapshot');
        if (row?.version !== from || !last || version >= from) return false;
        if (replacement) {
          const recorded = await transaction('order_events').where({ id: replacement.id }).first('at');
          if (recorded?.at.getTime() >= Date.parse(replacement.at)) return false;
        }
        const { snapshot } = last;
        for (const table of ['order_events', 'unchanged_edits'])
          await transaction(table).where({ order_id: orderId }).where('version', '>', version).delete();
        await orders().update({ status: snapshot.status, version, snapshot: JSON.stringify(snapshot) });
        return true;
      }),

    /** Records any entry. Idempotent. An entry about a given-up delivery does not overwrite a final outcome. */
    async write(entry: JournalEntry): Promise<void> {
      if (entry.kind === 'rejected') await reject(database, entry);
      else if (entry.kind === 'given_up') await giveUp(database, entry);
      else if (entry.kind === 'unchanged') await keepKey(database, entry);
      else await journal.record(entry);
    },

    /** Returns those of an order's entries that are not recorded. */
    async missing(orderId: string, entries: JournalEntry[]): Promise<JournalEntry[]> {
      const { rows } = await database.raw<{ rows: { name: string }[] }>(RECORDED_NAMES, { orderId });
      const recorded = new Set(rows.map(({ name }) => name));
      return entries.filter((entry) => namesOf(entry).some((name) => !recorded.has(name)));
    },

    /** Advances the order numbers past a number that was assigned before Postgres was restored from a backup. */
    passNumber: (number: number): Promise<void> =>
      transact(database, async (transaction) => {
        // Without the lock, two processes that read the sequence at once could set it back.
        await transaction.raw('SELECT pg_advisory_xact_lock(?)', [POSITIONS_LOCK]);
        await transaction.raw(MOVE_NUMBERS, { number, numbers: NUMBERS });
      }),
  };
  return journal;
}

export type Journal = ReturnType<typeof createJournal>;

/** Runs the statement of an event. */
async function apply(database: Database, { event, order }: Fact): Promise<Written> {
  const values = {
    eventId: event.id,
    id: order.id,
    customerId: order.customer.id,
    number: order.number,
    status: order.status,
    version: order.version,
    order: toJson(order),
    placedAt: order.placedAt,
    at: event.at,
    event: toJson(event),
  };
  const record = statementFor(event);
  const write = async (keyHash: string | null) => (await record(database, { ...values, keyHash })).rows[0] as Written;
  return write(event.key?.hash ?? null).catch((error: unknown) => {
    // A workflow forgets old keys, so two of its events may have the same key. The second one is recorded without the key.
    if (isUniqueViolation(error, KEYS)) return write(null);
    throw error;
  });
}

async function readRecorded(database: Database, { id: eventId, orderId }: OrderEvent): Promise<Recorded> {
  const { rows } = await findRecorded(database, { id: orderId, eventId });
  return rows[0] as Recorded;
}

/** Whether the order has the version of the event, or a later one. */
const isRecorded = (event: OrderEvent, recorded: Recorded): recorded is Recorded & { version: number } =>
  recorded.version !== null && recorded.version >= event.version;

function statementFor(event: OrderEvent) {
  if (alertOf(event)) return recordAlert;
  return event.version === 1 ? recordFirst : recordNext;
}

async function reject(database: Database, rejection: Rejection): Promise<void> {
  const { id, orderId, at } = rejection;
  await database('order_rejections')
    .insert({ id, order_id: orderId, at, rejection: toJson(rejection) })
    .onConflict('id')
    // After a reset, a workflow may use the ids of recorded rejections again. The later rejection then replaces the recorded one.
    .merge(['at', 'rejection'])
    .where('order_rejections.at', '<', at);
}

async function keepKey(database: Database, { orderId, version, at, key }: UnchangedEdit): Promise<void> {
  await database('unchanged_edits')
    .insert({ order_id: orderId, version, at, key_hash: key.hash, fingerprint: key.fingerprint })
    .onConflict(['order_id', 'key_hash'])
    .ignore();
}

async function giveUp(database: Database, { orderId, audience, eventIds, at, error }: GivenUp): Promise<void> {
  const delivery = { ...addresses[audience], order_id: orderId, outcome: 'given_up', at, detail: error };
  await database('deliveries')
    .insert(eventIds.map((eventId) => ({ event_id: eventId, ...delivery })))
    .onConflict(['event_id', 'channel', 'recipient'])
    .merge(['outcome', 'at', 'detail'])
    .where('deliveries.outcome', 'retrying');
}

/** Selects the names of an order's recorded entries, in the form of {@link namesOf}. */
const RECORDED_NAMES = `
  SELECT id AS name FROM order_events WHERE order_id = :orderId
  UNION ALL SELECT id || ' ' || (extract(epoch FROM at) * 1000)::bigint FROM order_events WHERE order_id = :orderId
  UNION ALL SELECT id || ' ' || (extract(epoch FROM at) * 1000)::bigint FROM order_rejections WHERE order_id = :orderId
  UNION ALL SELECT key_hash FROM unchanged_edits WHERE order_id = :orderId
  UNION ALL SELECT event_id || ' ' || channel || ' ' || recipient FROM deliveries
    WHERE order_id = :orderId AND outcome <> 'retrying'`;

/** Returns the names that identify the rows of an entry. */
function namesOf(entry: JournalEntry): string[] {
  if (entry.kind === 'fact') {
    // The name of an alert omits the time: a version has an alert at most once, even if a reset workflow raises it again.
    return [alertOf(entry.event) ? entry.event.id : `${entry.event.id} ${Date.parse(entry.event.at)}`];
  }
  if (entry.kind === 'rejected') return [`${entry.id} ${Date.parse(entry.at)}`];
  if (entry.kind === 'unchanged') return [entry.key.hash];
  const { channel, recipient } = addresses[entry.audience];
  return entry.eventIds.map((eventId) => `${eventId} ${channel} ${recipient}`);
}
