import type { WebhookEvent } from '../domain/webhook/webhook.ts';
import type { Database } from './connection.ts';
import { transact } from './transaction.ts';

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
    position: async (): Promise<number> => (await database('webhook_cursor').first('position')).position,

    listeners: (): Promise<Listener[]> =>
      database('webhooks').whereNull('disabled_reason').select('id', 'events', 'since'),

    /** Adds the deliveries that do not exist yet, and moves the cursor in the same transaction. */
    advance: (from: number, to: number, added: NewDelivery[]): Promise<void> =>
      transact(database, async (transaction) => {
        const rows = added.map(({ id, webhookId, eventId, type }) => {
          return { id, webhook_id: webhookId, event_id: eventId, type, again: false };
        });
        const moved = await transaction('webhook_cursor').where({ position: from }).update({ position: to });
        if (moved === 0) throw new Error('another process has processed these events');
        if (rows.length > 0) await transaction('webhook_deliveries').insert(rows).onConflict('id').ignore();
      }),

    /** Records that a delivery has a workflow. */
    async markStarted(id: string): Promise<void> {
      await database('webhook_deliveries').where({ id }).update({ started_at: database.fn.now() });
    },

    /** Returns the disabled webhooks about which the shop has not been notified. */
    noticesDue: (): Promise<{ id: string; version: number }[]> =>
      database('webhooks').where({ notice_due: true }).select('id', 'version'),

    async markNoticed(id: string): Promise<void> {
      await database('webhooks').where({ id }).update({ notice_due: false });
    },
  };
}

export type WebhookOutbox = ReturnType<typeof createWebhookOutbox>;
