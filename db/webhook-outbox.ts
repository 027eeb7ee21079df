import type { WebhookEvent } from '../domain/webhook/webhook.ts';
import type { Database } from './connection.ts';

/** A webhook that hears of events, and from which position of the log on. */
export interface Listener {
  id: string;
  events: WebhookEvent[];
  since: number;
}

/** A delivery that is to be made. */
export interface NewDelivery {
  id: string;
  webhookId: string;
  eventId: string;
  type: string;
}

/** Any number, as long as every process uses the same: who holds this lock dispatches. */
const DISPATCH_LOCK = 4_271_002;

/** What stands between the log of events and the workflows that deliver them. */
export interface WebhookOutbox {
  /** Does some work while nobody else does it. The lock goes with its connection, and so with its process. @returns whether it was done */
  alone(work: () => Promise<void>): Promise<boolean>;
  /** How far the log has been gone through. */
  position(): Promise<number>;
  /** Every enabled webhook. */
  listeners(): Promise<Listener[]>;
  /** Adds deliveries, those that are there already aside, and moves on in the log: both or neither. */
  advance(from: number, to: number, deliveries: NewDelivery[]): Promise<void>;
  /** These have workflows of their own. */
  markStarted(ids: string[]): Promise<void>;
  /** Of which webhooks the shop has yet to hear that they are disabled. */
  noticesDue(): Promise<{ id: string; version: number }[]>;
  markNoticed(id: string): Promise<void>;
}

export function createWebhookOutbox(database: Database): WebhookOutbox {
  const alone: WebhookOutbox['alone'] = (work) =>
    database.transaction(async (transaction) => {
      const { rows } = await transaction.raw('SELECT pg_try_advisory_xact_lock(?) AS mine', [DISPATCH_LOCK]);
      if (rows[0].mine) await work();
      return rows[0].mine;
    });

  const advance: WebhookOutbox['advance'] = (from, to, added) =>
    database.transaction(async (transaction) => {
      const rows = added.map(({ id, webhookId, eventId, type }) => ({
        id,
        webhook_id: webhookId,
        event_id: eventId,
        type,
        again: false,
      }));
      const moved = await transaction('webhook_cursor').where({ position: from }).update({ position: to });
      if (moved === 0) throw new Error('another process has gone through these events');
      if (rows.length > 0) await transaction('webhook_deliveries').insert(rows).onConflict('id').ignore();
    });

  return {
    alone,
    advance,
    position: async () => (await database('webhook_cursor').first('position')).position,
    listeners: () => database('webhooks').whereNull('disabled_reason').select('id', 'events', 'since'),
    markStarted: async (ids) => {
      await database('webhook_deliveries').whereIn('id', ids).update({ started_at: database.fn.now() });
    },
    noticesDue: () => database('webhooks').where({ notice_due: true }).select('id', 'version'),
    markNoticed: async (id) => {
      await database('webhooks').where({ id }).update({ notice_due: false });
    },
  };
}
