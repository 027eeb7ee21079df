import { type Audience, addresses, type Recipient } from '../domain/order/recipients.ts';
import type { ReturnedAs } from '../domain/order/suppression-reason.ts';
import type { Database } from './connection.ts';
import { prepare } from './prepared-statement.ts';
import { retryRecord } from './retry.ts';

/**
 * The outcome of one attempt. After `retrying`, another attempt follows. `unanswered`: the mail server received the whole message
 * but did not answer; a few further attempts follow, after a pause.
 */
export type AttemptOutcome = 'retrying' | 'unanswered' | 'sent' | 'refused' | 'suppressed';

export type DeliveryState = Exclude<AttemptOutcome, 'unanswered'> | 'given_up' | ReturnedAs;

/** One attempt to deliver an event to an audience. */
export interface Delivery {
  eventId: string;
  orderId: string;
  audience: Audience;
  outcome: AttemptOutcome;
  /** The number of this attempt, from 1. */
  attempt: number;
  detail?: string | null;
  /** The mail server's id of the email. */
  messageId?: string | null | undefined;
}

/** The state of a delivery. */
export interface KnownDelivery {
  outcome: DeliveryState;
  attempt: number;
  /** The number of attempts with the outcome `unanswered`. */
  unanswered: number;
  /** The time of the last attempt with the outcome `unanswered`. */
  unansweredAt: Date | null;
}

export interface LedgerEntry {
  id: string;
  eventId: string;
  orderId: string;
  channel: 'redis' | 'email';
  recipient: string;
  outcome: DeliveryState;
}

/** An attempt to send an email again, on request. */
export interface Resending extends Pick<Delivery, 'outcome' | 'detail' | 'messageId'> {
  deliveryId: string;
  /** The run id of the workflow that resends the email. */
  resend: string;
}

/** A report that a sent email has bounced or was marked as spam. */
export interface Returned {
  messageId: string;
  /** The email's event and recipient, if the report contains them. */
  email?: { eventId: string; orderId: string; recipient: Recipient } | undefined;
  as: ReturnedAs;
  at: Date;
  detail: string;
}

/** Whether a delivery needs no further attempt. */
export const isSettled = (delivery: Pick<KnownDelivery, 'outcome'> | undefined): boolean =>
  delivery !== undefined && delivery.outcome !== 'retrying';

/** Also locks the delivery. A read-only server rejects the lock, so that no email is sent that cannot be recorded. */
const findDelivery = prepare<KnownDelivery>(
  'delivery',
  `
  SELECT outcome, attempt, unanswered, "unansweredAt" FROM deliveries d CROSS JOIN LATERAL (
    SELECT count(*)::int AS unanswered, max(at) AS "unansweredAt"
    FROM delivery_attempts WHERE delivery_id = d.id AND outcome = 'unanswered'
  ) attempts
  WHERE event_id = :eventId AND channel = :channel AND recipient = :recipient
  FOR KEY SHARE OF d`,
);

/** Writes the delivery and its attempt in one round trip. If the delivery already has a final outcome, adds only the attempt. */
const recordDelivery = prepare(
  'record-delivery',
  `
  WITH kept AS (
    INSERT INTO deliveries (event_id, channel, recipient, order_id, outcome, attempt, at, detail)
    VALUES (:eventId, :channel, :recipient, :orderId, :state, :attempt, :at, :detail)
    ON CONFLICT (event_id, channel, recipient) DO UPDATE
      SET outcome = excluded.outcome, attempt = excluded.attempt, at = excluded.at, detail = excluded.detail
      WHERE deliveries.outcome = 'retrying'
    RETURNING id
  )
  INSERT INTO delivery_attempts (delivery_id, at, outcome, detail, message_id)
  SELECT id, :at, :outcome, :detail, :messageId FROM (
    SELECT id FROM kept
    UNION SELECT id FROM deliveries WHERE event_id = :eventId AND channel = :channel AND recipient = :recipient
  ) delivery
  WHERE NOT EXISTS (SELECT FROM delivery_attempts a WHERE a.delivery_id = delivery.id AND a.at = :at)`,
);

const RECORD_RESENDING = `
  WITH attempted AS (
    UPDATE deliveries SET attempt = attempt + 1,
      outcome = CASE WHEN :sent THEN 'sent' ELSE outcome END,
      detail = CASE WHEN :sent THEN NULL ELSE detail END,
      at = CASE WHEN :sent THEN :at ELSE at END
    WHERE id = :deliveryId AND NOT EXISTS (SELECT FROM delivery_attempts a WHERE a.delivery_id = :deliveryId AND a.at = :at)
    RETURNING id
  )
  INSERT INTO delivery_attempts (delivery_id, at, outcome, detail, message_id, resend)
  SELECT id, :at, :outcome, :detail, :messageId, :resend FROM attempted`;

/** Records a report once, even if it arrives twice. */
const RECORD_RETURNED = `
  WITH first AS (
    SELECT id FROM deliveries d WHERE id = :deliveryId AND NOT EXISTS (
      SELECT FROM delivery_attempts WHERE delivery_id = d.id AND outcome = :as AND message_id = :messageId
    )
  ),
  changed AS (
    UPDATE deliveries SET outcome = :as, at = :at, detail = :detail FROM first WHERE deliveries.id = first.id
  )
  INSERT INTO delivery_attempts (delivery_id, at, outcome, detail, message_id)
  SELECT id, :at, :as, :detail, :messageId FROM first`;

/** Adds the delivery if it is missing, because a report may arrive before the worker has recorded that the email was sent. */
const KNOWN_OR_NEW = `
  INSERT INTO deliveries (event_id, channel, recipient, order_id, outcome, at)
  SELECT :eventId, 'email', :recipient, id, 'retrying', :at FROM orders WHERE id = :orderId
  ON CONFLICT (event_id, channel, recipient) DO UPDATE SET event_id = excluded.event_id
  RETURNING id`;

/** Stores the outcomes of deliveries. The ledger is read before an attempt and written after it. */
export function createDeliveryLedger(database: Database) {
  return {
    /** Returns the state of a delivery. @throws on a read-only server, where an attempt could not be recorded */
    find: async (eventId: string, audience: Audience): Promise<KnownDelivery | undefined> =>
      (await findDelivery(database, { eventId, ...addresses[audience] })).rows[0],

    /** Records an attempt. A final outcome is not overwritten. */
    async record({ audience, detail = null, messageId = null, ...delivery }: Delivery): Promise<void> {
      const state: DeliveryState = delivery.outcome === 'unanswered' ? 'retrying' : delivery.outcome;
      const values = { ...delivery, ...addresses[audience], state, detail, messageId, at: new Date() };
      const write = () => recordDelivery(database, values);
      // The record of a failed attempt is not retried, because the next attempt of the delivery is recorded too.
      await (delivery.outcome === 'retrying' ? write() : retryRecord(write));
    },

    /** Returns a delivery by its id. @throws on a read-only server, as `find` does */
    entry: (id: string): Promise<LedgerEntry | undefined> =>
      database('deliveries')
        .where({ id })
        .forKeyShare()
        .first('id', 'channel', 'recipient', 'outcome', { eventId: 'event_id', orderId: 'order_id' }),

    /** Whether a workflow run has resent the email or has failed permanently. @param resend the run id */
    async isResent(deliveryId: string, resend: string): Promise<boolean> {
      const attempts = database('delivery_attempts').where({ delivery_id: deliveryId, resend });
      return (await attempts.whereNot({ outcome: 'retrying' }).first('at')) !== undefined;
    },

    /** Records an attempt to resend an email. Only a sent email changes the state of the delivery. */
    async recordResending({ detail = null, messageId = null, ...resending }: Resending): Promise<void> {
      const sent = resending.outcome === 'sent';
      const values = { ...resending, detail, messageId, sent, at: new Date() };
      await retryRecord(async () => database.raw(RECORD_RESENDING, values));
    },

    /** Records a bounce or complaint once. @returns false if the report matches neither a delivery nor an order */
    async recordReturned({ email, ...returned }: Returned): Promise<boolean> {
      const attempt = await database('delivery_attempts')
        .where({ message_id: returned.messageId })
        .first({ deliveryId: 'delivery_id' });
      const deliveryId: string | undefined = attempt?.deliveryId ?? (email && (await knownOrNew(database, email)));
      if (deliveryId === undefined) return false;
      await database.raw(RECORD_RETURNED, { ...returned, deliveryId });
      return true;
    },
  };
}

export type DeliveryLedger = ReturnType<typeof createDeliveryLedger>;

async function knownOrNew(database: Database, email: NonNullable<Returned['email']>): Promise<string | undefined> {
  const { rows } = await database.raw<{ rows: { id: string }[] }>(KNOWN_OR_NEW, { ...email, at: new Date() });
  return rows[0]?.id;
}
