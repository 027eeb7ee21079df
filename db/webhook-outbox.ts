import type { WebhookEvent } from '../domain/webhook/webhook.ts';
import type { Database } from './connection.ts';
import { prepare } from './prepared-statement.ts';

/** An enabled webhook. */
export interface Listener {
  id: string;
  events: WebhookEvent[];
  /** Position in the log; the webhook receives later events only. */
  since: number;
}

/** A delivery to be added. */
export interface NewDelivery {
  id: string;
  webhookId: string;
  eventId: string;
  type: string;
}

/** How long the lease on dispatching lasts, in seconds. */
const LEASE_S = 15;

const findPosition = prepare<{ position: number }>('webhook-position', 'SELECT position FROM webhook_cursor');

const findNoticesDue = prepare<{ id: string; version: number }>(
  'webhook-notices',
  'SELECT id, version FROM webhooks WHERE notice_due',
);

const findListeners = prepare<Listener>(
  'webhook-listeners',
  'SELECT id, events, since FROM webhooks WHERE disabled_reason IS NULL',
);

const advance = prepare<{ moved: number }>(
  'webhook-advance',
  `
  WITH moved AS (UPDATE webhook_cursor SET position = :to WHERE position = :from RETURNING position),
  added AS (
    INSERT INTO webhook_deliveries (id, webhook_id, event_id, type, again)
    SELECT id, "webhookId", "eventId", type, false
    FROM json_to_recordset(:added) AS d (id uuid, "webhookId" uuid, "eventId" text, type text)
    WHERE EXISTS (SELECT FROM moved)
    ON CONFLICT (id) DO NOTHING
  )
  SELECT count(*) AS moved FROM moved`,
);

/** Stores the state of the webhook dispatcher. */
export function createWebhookOutbox(database: Database) {
  return {
    /**
     * Acquires the lease on dispatching, or renews it, for 15 s. A frozen process loses the lease. When the process resumes, it
     * may repeat deliveries that another process has made.
     *
     * @param holder unique for each process
     * @returns whether the holder has the lease
     */
    async lease(holder: string): Promise<boolean> {
      const { rowCount } = await database.raw(
        `UPDATE webhook_cursor SET leased_to = :holder, leased_until = now() + make_interval(secs => :seconds)
         WHERE leased_to = :holder OR leased_until IS NULL OR leased_until < now()`,
        { holder, seconds: LEASE_S },
      );
      return rowCount === 1;
    },

    /** Ends the lease, so that another process can dispatch at once. */
    async release(holder: string): Promise<void> {
      await database('webhook_cursor').where({ leased_to: holder }).update({ leased_until: null });
    },

    /** Returns the cursor: the position of the last processed event. */
    position: async (): Promise<number> => (await findPosition(database)).rows[0]?.position as number,

    listeners: async (): Promise<Listener[]> => (await findListeners(database)).rows,

    /** Adds the deliveries that do not exist yet, and moves the cursor, in one statement. */
    async advance(from: number, to: number, added: NewDelivery[]): Promise<void> {
      const { rows } = await advance(database, { from, to, added: JSON.stringify(added) });
      if (rows[0]?.moved === 0) throw new Error('another process has processed these events');
    },

    /** Records that a delivery has a workflow. */
    async markStarted(id: string): Promise<void> {
      await database('webhook_deliveries').where({ id }).update({ started_at: database.fn.now() });
    },

    /** Returns the disabled webhooks about which the shop has not been notified. */
    noticesDue: async (): Promise<{ id: string; version: number }[]> => (await findNoticesDue(database)).rows,

    async markNoticed(id: string): Promise<void> {
      await database('webhooks').where({ id }).update({ notice_due: false });
    },
  };
}

export type WebhookOutbox = ReturnType<typeof createWebhookOutbox>;
