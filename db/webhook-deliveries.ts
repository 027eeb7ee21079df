import { randomUUID } from 'node:crypto';
import type { Fact } from '../domain/order/order.ts';
import {
  type DeliveryOutcome,
  MAX_REDELIVERED,
  type TEST_EVENT,
  type Webhook,
  type WebhookEvent,
} from '../domain/webhook/webhook.ts';
import { type Database, named } from './connection.ts';

/** One try to deliver, as it went. */
export interface WebhookAttempt {
  /** When the request began. */
  at: Date;
  /** `null` when there was no answer. */
  status: number | null;
  /** In ms. */
  duration: number;
  /** A sentence; `null` when the endpoint took it. */
  error: string | null;
  /** How the answer began. */
  response: string | null;
}

/** One event for one webhook, and what became of it so far. */
export interface WebhookDelivery {
  id: string;
  /** Its place among all: later ones have more. */
  seq: number;
  eventId: string;
  type: WebhookEvent | typeof TEST_EVENT;
  outcome: DeliveryOutcome;
  /** How often it was tried. */
  attempts: number;
  createdAt: Date;
  /** When its outcome was known for good. */
  settledAt: Date | null;
  /** The last ones, the newest first. */
  lastAttempts: WebhookAttempt[];
}

/** Which deliveries a page shows: the newest first. */
export interface DeliveryPage {
  limit: number;
  outcome?: DeliveryOutcome | undefined;
  /** `seq` of the last one on the page before. */
  before?: number | undefined;
}

/** Everything that one attempt needs. */
export interface DueDelivery {
  eventId: string;
  type: WebhookDelivery['type'];
  outcome: DeliveryOutcome;
  attempts: number;
  createdAt: Date;
  url: string;
  enabled: boolean;
  /** Sealed; the newest first, and only those that sign today. */
  secrets: Buffer[];
  /** `null` for a test, or when there is no such event any more. */
  fact: Fact | null;
}

/** A delivery that needs the dispatcher: it is neither settled nor has it a workflow. */
export interface UntriedDelivery {
  id: string;
  webhookId: string;
  eventId: string;
  type: WebhookDelivery['type'];
  /** Requested by a manager. */
  again: boolean;
  /** Above 0 if an attempt failed and its workflow could not be started. */
  attempts: number;
}

/** What an attempt makes of its delivery; `pending`: it will be tried again. */
export type AttemptOutcome = 'delivered' | 'gone' | 'pending';

/** How many attempts of a delivery are shown. */
const ATTEMPTS_SHOWN = 10;

const DELIVERY = {
  seq: 'seq',
  id: 'id',
  eventId: 'event_id',
  type: 'type',
  outcome: 'outcome',
  attempts: 'attempts',
  createdAt: 'created_at',
  settledAt: 'settled_at',
};

/** When the endpoint answered, or its time was over. */
const ANSWERED_AT = "(CAST(:at AS timestamptz) + CAST(:duration AS int) * interval '1 millisecond')";

/** A manager may have changed the webhook after the answer. */
const NOT_BACK = `greatest(updated_at, ${ANSWERED_AT})`;

/** A manager may have moved the webhook since: what another address answered says nothing about it. */
const THERE = 'id = :webhookId AND url = :url';

/** Disables a webhook to which everything has failed for so long. */
const failed = `
  UPDATE webhooks SET
    failing_since = coalesce(failing_since, :at),
    disabled_reason = CASE WHEN failing_since <= :failingSince THEN 'failing' END,
    disabled_at = CASE WHEN failing_since <= :failingSince THEN ${ANSWERED_AT} END,
    notice_due = (failing_since <= :failingSince) IS TRUE,
    version = version + CAST((failing_since <= :failingSince) IS TRUE AS int),
    updated_at = CASE WHEN failing_since <= :failingSince THEN ${NOT_BACK} ELSE updated_at END
  WHERE ${THERE} AND disabled_reason IS NULL AND (failing_since IS NULL OR failing_since <= :failingSince)`;

const gone = `
  UPDATE webhooks SET disabled_reason = 'gone', disabled_at = ${ANSWERED_AT}, version = version + 1, updated_at = ${NOT_BACK}
  WHERE ${THERE} AND disabled_reason IS NULL`;

const taken = `UPDATE webhooks SET failing_since = NULL WHERE ${THERE} AND failing_since IS NOT NULL`;

/** Whether an attempt decides about its delivery. One that was under way when the delivery was given up may still be taken. */
const decides = (outcome: string) => `(outcome = 'pending' OR (outcome = 'given_up' AND ${outcome} = 'delivered'))`;

/** A delivery to an address that is gone goes on to the address that the webhook has now. */
const GONE_OR_MOVED = "(SELECT CASE WHEN url = :url THEN 'gone' ELSE 'pending' END FROM there)";

/**
 * One statement, so that an attempt costs Postgres one round trip and one commit.
 *
 * @param outcome of the attempt, in SQL
 */
const attempted = (effect: string, outcome = 'CAST(:outcome AS text)') => `
  WITH there AS (
    SELECT url FROM webhooks WHERE id = :webhookId AND :outcome = 'gone' FOR UPDATE
  ),
  delivery AS (
    UPDATE webhook_deliveries SET
      attempts = attempts + 1,
      outcome = CASE WHEN ${decides(outcome)} THEN ${outcome} ELSE outcome END,
      settled_at = CASE WHEN ${outcome} <> 'pending' AND ${decides(outcome)} THEN ${ANSWERED_AT} ELSE settled_at END,
      started_at = CASE WHEN ${outcome} <> 'pending' THEN coalesce(started_at, now()) ELSE started_at END
    WHERE id = :id RETURNING id
  ),
  attempt AS (
    INSERT INTO webhook_attempts (delivery_id, at, status, duration, error, response)
    SELECT id, :at, :status, :duration, :error, :response FROM delivery
  ),
  webhook AS (${effect})
  SELECT ${outcome} AS outcome FROM delivery`;

/** The first deliveries of each webhook, without those that the dispatcher has in hand. */
const UNTRIED = `
  SELECT next.* FROM webhooks CROSS JOIN LATERAL (
    SELECT id, webhook_id AS "webhookId", event_id AS "eventId", type, again, attempts, seq
    FROM webhook_deliveries WHERE webhook_id = webhooks.id AND started_at IS NULL
    ORDER BY again, seq LIMIT :limit
  ) next
  WHERE next.id <> ALL(CAST(:inHand AS uuid[])) ORDER BY again, seq`;

const statements: Record<AttemptOutcome, string> = {
  delivered: attempted(taken),
  gone: attempted(gone, GONE_OR_MOVED),
  pending: attempted(failed),
};

/** What was sent to webhooks, what is under way, and what is yet to be started. */
export function createWebhookDeliveryRepository(database: Database) {
  const deliveries = () => database('webhook_deliveries');

  const attemptsOf = async (ids: string[]): Promise<(WebhookAttempt & { deliveryId: string })[]> => {
    const newest = `
      SELECT a.* FROM unnest(?::uuid[]) AS d (id) CROSS JOIN LATERAL (
        SELECT delivery_id AS "deliveryId", at, status, duration, error, response FROM webhook_attempts
        WHERE delivery_id = d.id ORDER BY id DESC LIMIT ?
      ) a`;
    return (await database.raw(newest, [ids, ATTEMPTS_SHOWN])).rows;
  };

  return {
    async list(webhookId: string, { limit, outcome, before }: DeliveryPage): Promise<WebhookDelivery[]> {
      const page = deliveries().where({ webhook_id: webhookId }).orderBy('seq', 'desc').limit(limit);
      if (outcome) page.where({ outcome });
      if (before !== undefined) page.where('seq', '<', before);
      const rows: Omit<WebhookDelivery, 'lastAttempts'>[] = await page.select(DELIVERY);
      const attempts = await attemptsOf(rows.map(({ id }) => id));
      return rows.map((row) => ({ ...row, lastAttempts: attempts.filter(({ deliveryId }) => deliveryId === row.id) }));
    },

    /** Has an event delivered that a manager asks for: the dispatcher starts it. */
    async ask(webhookId: string, { type, eventId }: Pick<WebhookDelivery, 'type'> & { eventId?: string }) {
      const id = randomUUID();
      const row = { id, webhook_id: webhookId, type, event_id: eventId ?? id, again: true };
      const [delivery] = await deliveries().insert(row).returning(Object.values(DELIVERY));
      return toDelivery(delivery);
    },

    /** What a delivery was about. */
    find: (webhookId: string, id: string): Promise<Pick<WebhookDelivery, 'type' | 'eventId'> | undefined> =>
      deliveries().where({ webhook_id: webhookId, id }).first({ type: 'type', eventId: 'event_id' }),

    /**
     * Has everything delivered once more that happened from one moment (inclusive) to another (exclusive).
     *
     * @returns how many events that is; `undefined`, and nothing is done, when there are more than may be
     */
    async askRange({ id, events }: Webhook, { from, to }: { from: string; to: string }): Promise<number | undefined> {
      const found: { id: string; type: string }[] = await database('order_events')
        // As dates: RFC 3339 has years, offsets and fractions that Postgres does not read.
        .where('at', '>=', new Date(from))
        .where('at', '<', new Date(to))
        .whereRaw("event->>'type' = ANY(?)", [events])
        .orderBy('position')
        .limit(MAX_REDELIVERED + 1)
        .select('id', { type: database.raw("event->>'type'") });
      if (found.length > MAX_REDELIVERED) return undefined;
      const rows = found.map((event) => ({
        id: randomUUID(),
        webhook_id: id,
        type: event.type,
        event_id: event.id,
        again: true,
      }));
      if (rows.length > 0) await deliveries().insert(rows);
      return rows.length;
    },

    /**
     * Returns everything that an attempt needs. It locks the row, so that it fails if attempts cannot be recorded now.
     *
     * @returns undefined if the webhook has been deleted
     */
    async open(id: string): Promise<DueDelivery | undefined> {
      const query = database({ d: 'webhook_deliveries' })
        .join({ w: 'webhooks' }, 'w.id', 'd.webhook_id')
        .leftJoin({ e: 'order_events' }, 'e.id', 'd.event_id')
        .where('d.id', id)
        .forKeyShare('d')
        .select('d.*', 'w.url', 'w.secret', 'w.old_secret', 'w.old_secret_until', 'w.disabled_reason')
        .select({ event: 'e.event', order: 'e.snapshot' });
      const [row] = await named('webhook-delivery', query);
      return row && toDue(row);
    },

    /**
     * Returns the deliveries that the dispatcher can begin, in the order of the log; those requested by managers come last.
     *
     * @param limit per webhook, including those in hand
     * @param inHand the ids of those that it has begun
     */
    async untried(limit: number, inHand: string[]): Promise<UntriedDelivery[]> {
      return (await named('webhook-untried', database.raw(UNTRIED, { limit, inHand }))).rows;
    },

    /**
     * Writes an attempt down, what became of the delivery with it (`pending`: it will be tried again), and what that means
     * for the webhook: one that is gone is disabled, and one to which everything has failed since `failingSince`. What was
     * sent to an address that the webhook had before changes nothing of the webhook.
     *
     * @returns what became of the delivery: one that is gone is `pending` if the webhook has another address by now
     */
    async record(
      { id, webhookId, failingSince }: { id: string; webhookId: string; failingSince: Date },
      attempt: WebhookAttempt & { url: string; outcome: AttemptOutcome },
    ): Promise<AttemptOutcome> {
      const { outcome } = attempt;
      const statement = database.raw(statements[outcome], { ...attempt, id, webhookId, failingSince });
      const { rows } = await named(`webhook-${outcome}`, statement);
      return rows[0]?.outcome ?? outcome;
    },

    /** Ends what is not delivered and will not be tried any more. */
    async settle(id: string, outcome: 'dropped' | 'given_up'): Promise<void> {
      const now = database.fn.now();
      const started_at = database.raw('coalesce(started_at, now())');
      await deliveries().where({ id, outcome: 'pending' }).update({ outcome, settled_at: now, started_at });
    },

    /** Forgets the oldest deliveries from before a moment, some at a time. @returns how many */
    async forget(before: Date, limit: number): Promise<number> {
      const oldest = deliveries().where('created_at', '<', before).orderBy('created_at').limit(limit).select('id');
      return deliveries().whereIn('id', oldest).delete();
    },
  };
}

export type WebhookDeliveryRepository = ReturnType<typeof createWebhookDeliveryRepository>;

function toDelivery(row: DeliveryRow): WebhookDelivery {
  const { seq, id, event_id: eventId, type, outcome, attempts, created_at: createdAt, settled_at: settledAt } = row;
  return { seq, id, eventId, type, outcome, attempts, createdAt, settledAt, lastAttempts: [] };
}

function toDue(row: DueRow): DueDelivery {
  const { event_id: eventId, type, outcome, attempts, created_at: createdAt, url, secret, old_secret: old } = row;
  const overlapping = old && row.old_secret_until && row.old_secret_until > new Date();
  return {
    eventId,
    type,
    outcome,
    attempts,
    createdAt,
    url,
    enabled: row.disabled_reason === null,
    secrets: overlapping ? [secret, old] : [secret],
    fact: row.event && row.order && { event: row.event, order: row.order },
  };
}

interface DeliveryRow {
  seq: number;
  id: string;
  event_id: string;
  type: WebhookDelivery['type'];
  outcome: DeliveryOutcome;
  attempts: number;
  created_at: Date;
  settled_at: Date | null;
}

interface DueRow extends DeliveryRow {
  url: string;
  secret: Buffer;
  old_secret: Buffer | null;
  old_secret_until: Date | null;
  disabled_reason: string | null;
  event: Fact['event'] | null;
  order: Fact['order'] | null;
}
