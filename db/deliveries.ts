import { type Audience, addresses } from '../domain/order/recipients.ts';
import { type Database, named } from './connection.ts';

/** How one event reached, or did not reach, one audience; `retrying` is the only outcome that another one follows. */
export interface Delivery {
  eventId: string;
  orderId: string;
  audience: Audience;
  outcome: 'retrying' | 'sent' | 'refused' | 'suppressed';
  /** How often it was tried by now. */
  attempt: number;
  detail?: string | null;
}

/** The ledger of deliveries: looked up before a send, written after it. */
export interface DeliveryLedger {
  /** What became of an event so far. */
  find(eventId: string, audience: Audience): Promise<Pick<Delivery, 'outcome' | 'attempt'> | undefined>;
  /** Writes an outcome down; one that is final stays. */
  record(delivery: Delivery): Promise<void>;
}

/** Whether an event need not be delivered any more. */
export const isSettled = (delivery: Pick<Delivery, 'outcome'> | undefined): boolean =>
  delivery !== undefined && delivery.outcome !== 'retrying';

export function createDeliveryLedger(database: Database): DeliveryLedger {
  const find: DeliveryLedger['find'] = (eventId, audience) => {
    const row = database('deliveries').where({ event_id: eventId, ...addresses[audience] });
    return named('delivery', row.first('outcome', 'attempt'));
  };

  async function record({ eventId, orderId, audience, outcome, attempt, detail = null }: Delivery): Promise<void> {
    await database('deliveries')
      .insert({
        event_id: eventId,
        order_id: orderId,
        ...addresses[audience],
        outcome,
        attempt,
        at: new Date(),
        detail,
      })
      .onConflict(['event_id', 'channel', 'recipient'])
      .merge()
      .where('deliveries.outcome', 'retrying');
  }

  return { find, record };
}
