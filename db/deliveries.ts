import type { Database } from './connection.ts';

export type Channel = 'redis' | 'email';

/** How one event reached, or did not reach, one recipient over one channel. */
export interface Delivery {
  eventId: string;
  orderId: string;
  channel: Channel;
  /** A role or a channel's name, never an address (design §2). */
  recipient: string;
  outcome: 'sent' | 'refused' | 'suppressed' | 'given_up';
  /** Which try it was, counted from 1. */
  attempt: number;
  detail?: string | null;
}

/** The ledger of deliveries: looked up before a send, written after it. */
export interface DeliveryLedger {
  /** Which of these events need not be delivered to this recipient again. */
  settled(channel: Channel, recipient: string, eventIds: string[]): Promise<Set<string>>;
  /** Writes outcomes down; the first one of an event and recipient stays. */
  record(deliveries: Delivery[]): Promise<void>;
}

export function createDeliveryLedger(database: Database): DeliveryLedger {
  async function settled(channel: Channel, recipient: string, eventIds: string[]): Promise<Set<string>> {
    const known = await database('deliveries')
      .where({ channel, recipient })
      .whereIn('event_id', eventIds)
      .pluck('event_id');
    return new Set(known);
  }

  async function record(deliveries: Delivery[]): Promise<void> {
    const at = new Date();
    const rows = deliveries.map(({ eventId, orderId, channel, recipient, outcome, attempt, detail = null }) => ({
      event_id: eventId,
      order_id: orderId,
      channel,
      recipient,
      outcome,
      attempt,
      at,
      detail,
    }));
    await database('deliveries').insert(rows).onConflict(['event_id', 'channel', 'recipient']).ignore();
  }

  return { settled, record };
}
