import type { Database } from './connection.ts';

export type Channel = 'redis' | 'email';

/** How one event reached, or did not reach, one recipient over one channel. */
export interface Delivery {
  eventId: string;
  orderId: string;
  channel: Channel;
  /** A role or a channel's name, never an address (design §2). */
  recipient: string;
  outcome: 'sent' | 'refused' | 'suppressed';
  /** Which try it was, counted from 1. */
  attempt: number;
  detail?: string | null;
}

/** The ledger of deliveries: looked up before a send, written after it. */
export interface DeliveryLedger {
  /** Whether an event need not be delivered to this recipient again. */
  isSettled(eventId: string, channel: Channel, recipient: string): Promise<boolean>;
  /** Writes an outcome down; the first one of an event and recipient stays. */
  record(delivery: Delivery): Promise<void>;
}

export function createDeliveryLedger(database: Database): DeliveryLedger {
  async function isSettled(eventId: string, channel: Channel, recipient: string): Promise<boolean> {
    return (
      (await database('deliveries').where({ event_id: eventId, channel, recipient }).first('outcome')) !== undefined
    );
  }

  async function record({ eventId, orderId, channel, recipient, outcome, attempt, detail = null }: Delivery) {
    await database('deliveries')
      .insert({
        event_id: eventId,
        order_id: orderId,
        channel,
        recipient,
        outcome,
        attempt,
        at: new Date(),
        detail,
      })
      .onConflict(['event_id', 'channel', 'recipient'])
      .ignore();
  }

  return { isSettled, record };
}
