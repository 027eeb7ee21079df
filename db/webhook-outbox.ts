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

/** The dispatcher's state in Postgres. */
export interface WebhookOutbox {
  /**
   * Takes the lease on dispatching or extends it by 15 s. A frozen process loses the lease. When it resumes, it may repeat
   * deliveries that another process has made.
   *
   * @param holder unique for each process
   * @returns whether the holder has the lease now
   */
  lease(holder: string): Promise<boolean>;
  /** Ends the lease, so that another process can dispatch at once. */
  release(holder: string): Promise<void>;
  /** Returns the cursor: the position of the last processed event. */
  position(): Promise<number>;
  listeners(): Promise<Listener[]>;
  /** Adds deliveries, except those that exist, and moves the cursor in the same transaction. */
  advance(from: number, to: number, deliveries: NewDelivery[]): Promise<void>;
  /** Records that a delivery has a workflow. */
  markStarted(id: string): Promise<void>;
  /** Returns the disabled webhooks about which the shop has not been notified. */
  noticesDue(): Promise<{ id: string; version: number }[]>;
  markNoticed(id: string): Promise<void>;
}

export function createWebhookOutbox(database: Database): WebhookOutbox {
  const lease: WebhookOutbox['lease'] = async (holder) => {
    const { rowCount } = await database.raw(
      `UPDATE webhook_cursor SET leased_to = :holder, leased_until = now() + make_interval(secs => :seconds)
       WHERE leased_to = :holder OR leased_until IS NULL OR leased_until < now()`,
      { holder, seconds: LEASE_S },
    );
    return rowCount === 1;
  };

  async function release(holder: string): Promise<void> {
    await database('webhook_cursor').where({ leased_to: holder }).update({ leased_until: null });
  }

  const advance: WebhookOutbox['advance'] = (from, to, added) =>
    transact(database, async (transaction) => {
      const rows = added.map(({ id, webhookId, eventId, type }) => ({
        id,
        webhook_id: webhookId,
        event_id: eventId,
        type,
        again: false,
      }));
      const moved = await transaction('webhook_cursor').where({ position: from }).update({ position: to });
      if (moved === 0) throw new Error('another process has processed these events');
      if (rows.length > 0) await transaction('webhook_deliveries').insert(rows).onConflict('id').ignore();
    });

  return {
    lease,
    release,
    advance,
    position: async () => (await database('webhook_cursor').first('position')).position,
    listeners: () => database('webhooks').whereNull('disabled_reason').select('id', 'events', 'since'),
    markStarted: async (id) => {
      await database('webhook_deliveries').where({ id }).update({ started_at: database.fn.now() });
    },
    noticesDue: () => database('webhooks').where({ notice_due: true }).select('id', 'version'),
    markNoticed: async (id) => {
      await database('webhooks').where({ id }).update({ notice_due: false });
    },
  };
}
