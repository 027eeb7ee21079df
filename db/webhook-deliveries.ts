import { randomUUID } from 'node:crypto';
import type { Fact } from '../domain/order/order.ts';
import {
  type DeliveryOutcome,
  MAX_REDELIVERED,
  type TEST_EVENT,
  type Webhook,
  type WebhookEvent,
} from '../domain/webhook/webhook.ts';
import type { Database } from './connection.ts';
import { prepare } from './prepared-statement.ts';

/** One attempt at a delivery. */
export interface WebhookAttempt {
  /** When the request began. */
  at: Date;
  /** The HTTP status; null without a response. */
  status: number | null;
  /** In ms. */
  duration: number;
  /** Why the attempt failed, in one sentence; null if the endpoint accepted the event. */
  error: string | null;
  /** The start of the response body. */
  response: string | null;
}

/** One event for one webhook, with its outcome so far. */
export interface WebhookDelivery {
  id: string;
  /** Ascending in the order of creation. */
  seq: number;
  eventId: string;
  type: WebhookEvent | typeof TEST_EVENT;
  outcome: DeliveryOutcome;
  /** The number of attempts so far. */
  attempts: number;
  createdAt: Date;
  /** When the outcome became final. */
  settledAt: Date | null;
  /** The newest first. */
  lastAttempts: WebhookAttempt[];
}

/** Selects a page of deliveries, the newest first. */
export interface DeliveryQuery {
  limit: number;
  outcome?: DeliveryOutcome | undefined;
  /** `seq` of the last delivery of the previous page. */
  before?: number | undefined;
}

/** A delivery with the data for an attempt. */
export interface DueDelivery extends Pick<WebhookDelivery, 'eventId' | 'type' | 'outcome' | 'attempts' | 'createdAt'> {
  url: string;
  /** Whether its webhook is enabled. */
  enabled: boolean;
  /** The encrypted secrets to sign the request with, the newest first. */
  secrets: Buffer[];
  /** Null for a test event or a deleted event. */
  fact: Fact | null;
}

/** A delivery without an outcome or a workflow. The dispatcher makes its first attempt. */
export interface UnstartedDelivery extends Pick<WebhookDelivery, 'id' | 'eventId' | 'type' | 'attempts'> {
  webhookId: string;
  /** Whether a manager requested the delivery. */
  again: boolean;
}

/** The outcome of a delivery after an attempt; `pending` if it will be retried. */
export type AttemptOutcome = 'delivered' | 'gone' | 'pending';

/** How many attempts are listed for each delivery, at most. */
const LISTED_ATTEMPTS = 10;

const DELIVERY_COLUMNS = [
  'seq',
  'id',
  'event_id as eventId',
  'type',
  'outcome',
  'attempts',
  'created_at as createdAt',
  'settled_at as settledAt',
];

const ANSWERED_AT = "(CAST(:at AS timestamptz) + CAST(:duration AS int) * interval '1 millisecond')";

/** The result of an attempt affects the webhook only if the webhook still has the URL of that attempt. */
const SAME_URL = 'id = :webhookId AND url = :url';

const disable = (reason: 'gone' | 'failing') => `
  UPDATE webhooks SET
    disabled_reason = '${reason}',
    disabled_at = ${ANSWERED_AT},
    notice_due = ${reason === 'failing'},
    version = version + 1,
    updated_at = greatest(updated_at, ${ANSWERED_AT})
  WHERE ${SAME_URL} AND disabled_reason IS NULL`;

/** If the URL of a webhook was changed before the old URL answered 410, the delivery continues at the new URL. */
const GONE_UNLESS_MOVED = "(SELECT CASE WHEN url = :url THEN 'gone' ELSE 'pending' END FROM webhook)";

/**
 * Prepares the statement that records an attempt. One statement costs only one round trip and one commit. A late success still
 * counts for a delivery that was given up.
 *
 * @param of the outcome of the attempt
 * @param effects common table expressions that update the webhook
 * @param outcome the outcome of the delivery, as an SQL expression
 */
function recordStatement(of: AttemptOutcome, effects: string, outcome = 'CAST(:outcome AS text)') {
  const decides = `(outcome = 'pending' OR (outcome = 'given_up' AND ${outcome} = 'delivered'))`;
  return prepare<{ outcome: AttemptOutcome }>(
    `webhook-${of}`,
    `
    WITH webhook AS (
      SELECT url FROM webhooks WHERE id = :webhookId AND :outcome = 'gone' FOR UPDATE
    ),
    delivery AS (
      UPDATE webhook_deliveries SET
        attempts = attempts + 1,
        outcome = CASE WHEN ${decides} THEN ${outcome} ELSE outcome END,
        settled_at = CASE WHEN ${outcome} <> 'pending' AND ${decides} THEN ${ANSWERED_AT} ELSE settled_at END,
        started_at = CASE WHEN ${outcome} <> 'pending' THEN coalesce(started_at, now()) ELSE started_at END
      WHERE id = :id RETURNING id
    ),
    attempt AS (
      INSERT INTO webhook_attempts (delivery_id, at, status, duration, error, response)
      SELECT id, :at, :status, :duration, :error, :response FROM delivery
    ),
    ${effects}
    SELECT ${outcome} AS outcome FROM delivery`,
  );
}

const records = {
  delivered: recordStatement(
    'delivered',
    `success AS (UPDATE webhooks SET failing_since = NULL WHERE ${SAME_URL} AND failing_since IS NOT NULL)`,
  ),
  gone: recordStatement('gone', `disabled AS (${disable('gone')})`, GONE_UNLESS_MOVED),
  pending: recordStatement(
    'pending',
    `failure AS (
      UPDATE webhooks SET failing_since = :at
      WHERE ${SAME_URL} AND disabled_reason IS NULL AND failing_since IS NULL
    ),
    disabled AS (${disable('failing')} AND failing_since <= :failingSince)`,
  ),
};

const findUnstarted = prepare<UnstartedDelivery>(
  'webhook-unstarted',
  `
  SELECT next.* FROM webhooks CROSS JOIN LATERAL (
    SELECT id, webhook_id AS "webhookId", event_id AS "eventId", type, again, attempts, seq
    FROM webhook_deliveries WHERE webhook_id = webhooks.id AND started_at IS NULL
    ORDER BY again, seq LIMIT :limit
  ) next
  WHERE next.id <> ALL(CAST(:inProgress AS uuid[])) ORDER BY again, seq`,
);

/** Also locks the delivery. */
const findDue = prepare<DueRow>(
  'webhook-delivery',
  `
  SELECT d.type, d.outcome, d.attempts, d.event_id AS "eventId", d.created_at AS "createdAt",
    w.url, w.secret, w.old_secret, w.old_secret_until, w.disabled_reason, e.event, e.snapshot AS "order"
  FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id LEFT JOIN order_events e ON e.id = d.event_id
  WHERE d.id = :id
  FOR KEY SHARE OF d`,
);

const LAST_ATTEMPTS = `
  SELECT a.* FROM unnest(CAST(:ids AS uuid[])) AS d (id) CROSS JOIN LATERAL (
    SELECT delivery_id AS "deliveryId", at, status, duration, error, response FROM webhook_attempts
    WHERE delivery_id = d.id ORDER BY id DESC LIMIT :limit
  ) a`;

/** Stores the deliveries to webhooks and their attempts. */
export function createWebhookDeliveryRepository(database: Database) {
  const deliveries = () => database('webhook_deliveries');

  return {
    async list(webhookId: string, { limit, outcome, before }: DeliveryQuery): Promise<WebhookDelivery[]> {
      const page = deliveries().where({ webhook_id: webhookId }).orderBy('seq', 'desc').limit(limit);
      if (outcome) page.where({ outcome });
      if (before !== undefined) page.where('seq', '<', before);
      return withLastAttempts(database, await page.select(DELIVERY_COLUMNS));
    },

    find: (webhookId: string, id: string): Promise<Pick<WebhookDelivery, 'type' | 'eventId'> | undefined> =>
      deliveries().where({ webhook_id: webhookId, id }).first('type', 'event_id as eventId'),

    /** Adds a delivery that a manager requests. */
    async request(
      webhookId: string,
      { type, eventId }: Pick<WebhookDelivery, 'type'> & { eventId?: string },
    ): Promise<WebhookDelivery> {
      const id = randomUUID();
      const row = { id, webhook_id: webhookId, type, event_id: eventId ?? id, again: true };
      const [delivery] = await deliveries().insert(row).returning(DELIVERY_COLUMNS);
      return { ...delivery, lastAttempts: [] };
    },

    /**
     * Adds another delivery of each of the webhook's events from `from` (inclusive) to `to` (exclusive).
     *
     * @returns the number of events; undefined, without adding deliveries, if there are too many
     */
    async requestRange(webhook: Webhook, { from, to }: { from: string; to: string }): Promise<number | undefined> {
      const found: { event_id: string; type: string }[] = await database('order_events')
        // Converted to dates, because RFC 3339 allows years, offsets and fractions that Postgres cannot parse.
        .where('at', '>=', new Date(from))
        .where('at', '<', new Date(to))
        .whereRaw("event->>'type' = ANY(?)", [webhook.events])
        .orderBy('position')
        .limit(MAX_REDELIVERED + 1)
        .select({ event_id: 'id', type: database.raw("event->>'type'") });
      if (found.length > MAX_REDELIVERED) return undefined;
      const rows = found.map((event) => ({ ...event, id: randomUUID(), webhook_id: webhook.id, again: true }));
      if (rows.length > 0) await deliveries().insert(rows);
      return rows.length;
    },

    /**
     * Returns the deliveries that the dispatcher can begin, in the order of the log; those requested by managers come last.
     *
     * @param limit per webhook, including those in progress
     * @param inProgress the ids of the deliveries that the dispatcher has begun
     */
    unstarted: async (limit: number, inProgress: string[]): Promise<UnstartedDelivery[]> =>
      (await findUnstarted(database, { limit, inProgress })).rows,

    /**
     * Returns a delivery for an attempt and locks its row. A read-only server rejects the lock, so that no attempt is made that
     * cannot be recorded.
     *
     * @returns undefined if the webhook has been deleted
     */
    async open(id: string): Promise<DueDelivery | undefined> {
      const [row] = (await findDue(database, { id })).rows;
      return row && toDueDelivery(row);
    },

    /**
     * Records an attempt, and disables a webhook that is gone or has failed since `failingSince`.
     *
     * @returns the outcome of the delivery: `pending` instead of `gone` if the webhook has another URL now
     */
    async record(
      delivery: { id: string; webhookId: string; failingSince: Date },
      attempt: WebhookAttempt & { url: string; outcome: AttemptOutcome },
    ): Promise<AttemptOutcome> {
      const { outcome } = attempt;
      const { rows } = await records[outcome](database, { ...attempt, ...delivery });
      return rows[0]?.outcome ?? outcome;
    },

    /** Ends a delivery that gets no further attempt. */
    async settle(id: string, outcome: 'dropped' | 'given_up'): Promise<void> {
      const now = database.fn.now();
      const started_at = database.raw('coalesce(started_at, now())');
      await deliveries().where({ id, outcome: 'pending' }).update({ outcome, settled_at: now, started_at });
    },

    /** Deletes the oldest deliveries from before a moment, up to a limit. @returns the number deleted */
    deleteBefore: (before: Date, limit: number): Promise<number> => {
      const oldest = deliveries().where('created_at', '<', before).orderBy('created_at').limit(limit).select('id');
      return deliveries().whereIn('id', oldest).delete();
    },
  };
}

export type WebhookDeliveryRepository = ReturnType<typeof createWebhookDeliveryRepository>;

async function withLastAttempts(
  database: Database,
  rows: Omit<WebhookDelivery, 'lastAttempts'>[],
): Promise<WebhookDelivery[]> {
  const bindings = { ids: rows.map(({ id }) => id), limit: LISTED_ATTEMPTS };
  const attempts: (WebhookAttempt & { deliveryId: string })[] = (await database.raw(LAST_ATTEMPTS, bindings)).rows;
  return rows.map((row) => ({ ...row, lastAttempts: attempts.filter(({ deliveryId }) => deliveryId === row.id) }));
}

interface DueRow extends Omit<DueDelivery, 'enabled' | 'secrets' | 'fact'> {
  secret: Buffer;
  old_secret: Buffer | null;
  old_secret_until: Date | null;
  disabled_reason: string | null;
  event: Fact['event'] | null;
  order: Fact['order'] | null;
}

function toDueDelivery(row: DueRow): DueDelivery {
  const { secret, old_secret, old_secret_until, disabled_reason, event, order, ...delivery } = row;
  const overlapping = old_secret && old_secret_until && old_secret_until > new Date();
  return {
    ...delivery,
    enabled: disabled_reason === null,
    secrets: overlapping ? [secret, old_secret] : [secret],
    fact: event && order && { event, order },
  };
}
