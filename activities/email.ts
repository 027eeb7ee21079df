import { cancellationSignal, heartbeat, log } from '@temporalio/activity';
import { type Delivery, type DeliveryLedger, isSettled } from '../db/deliveries.ts';
import type { UserRepository } from '../db/users.ts';
import type { Fact } from '../domain/order/order.ts';
import type { Recipient } from '../domain/order/recipients.ts';
import { renderOrderEmail } from '../mail/templates/order-email.ts';
import { type Mailer, PermanentRefusal } from './email/mailer.ts';

interface Dependencies {
  ledger: DeliveryLedger;
  users: Pick<UserRepository, 'find'>;
  mailer: Mailer;
  ordersEmail: string;
}

/** Mails facts to one recipient, in order. */
export function createEmail({ ledger, users, mailer, ordersEmail }: Dependencies) {
  return async (facts: Fact[], recipient: Recipient): Promise<void> => {
    for (const fact of facts) {
      // Who was given up, or is asked to stop, leaves the rest to the next attempt.
      cancellationSignal().throwIfAborted();
      heartbeat();
      await mailOnce(fact, recipient);
    }
  };

  async function mailOnce(fact: Fact, recipient: Recipient): Promise<void> {
    const { id: eventId, orderId, requestId } = fact.event;
    const before = await ledger.find(eventId, recipient);
    if (isSettled(before)) return;
    const delivery = { eventId, orderId, audience: recipient, attempt: (before?.attempt ?? 0) + 1 };
    const outcome = await mail(fact, recipient).catch(async (error: Error) => {
      await ledger.record({ ...delivery, outcome: 'retrying', detail: error.message });
      throw error;
    });
    await ledger.record({ ...delivery, ...outcome });
    log.info('mailed', { eventId, requestId, recipient, outcome: outcome.outcome });
  }

  async function mail(fact: Fact, recipient: Recipient): Promise<Pick<Delivery, 'outcome' | 'detail'>> {
    const customer = await users.find(fact.order.customer.id);
    const to = recipient === 'shop' ? ordersEmail : customer?.email;
    if (!to) return { outcome: 'suppressed', detail: 'The customer has no account any more.' };
    const content = renderOrderEmail({ fact, recipient, customerName: customer?.name ?? null });
    try {
      await mailer.send({
        to,
        ...(recipient === 'customer' && customer && { toName: customer.name }),
        eventId: fact.event.id,
        recipient,
        ...content,
      });
      return { outcome: 'sent' };
    } catch (error) {
      if (error instanceof PermanentRefusal) return { outcome: 'refused', detail: error.message };
      throw error;
    }
  }
}
