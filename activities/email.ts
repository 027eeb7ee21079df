import { activityInfo, cancellationSignal, heartbeat, log } from '@temporalio/activity';
import type { Delivery, DeliveryLedger } from '../db/deliveries.ts';
import type { UserRepository } from '../db/users.ts';
import type { Fact } from '../domain/order/order.ts';
import { type Recipient, recipientsOf } from '../domain/order/recipients.ts';
import { renderOrderEmail } from './email/templates/order-email.ts';
import { type Mailer, PermanentRefusal } from './email/transport/mailer.ts';

interface Dependencies {
  ledger: DeliveryLedger;
  users: Pick<UserRepository, 'find'>;
  mailer: Mailer;
  ordersEmail: string;
}

/** Mails facts to whom they concern: to each recipient in order, and no recipient waits for another. */
export function createEmail({ ledger, users, mailer, ordersEmail }: Dependencies) {
  return async (facts: Fact[]): Promise<void> => {
    const recipients = new Set(facts.flatMap(({ event }) => recipientsOf(event)));
    const results = await Promise.allSettled([...recipients].map((recipient) => mailAll(facts, recipient)));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  };

  async function mailAll(facts: Fact[], recipient: Recipient): Promise<void> {
    for (const fact of facts) {
      if (!recipientsOf(fact.event).includes(recipient)) continue;
      // Who was given up, or is asked to stop, leaves the rest to the next attempt.
      cancellationSignal().throwIfAborted();
      heartbeat();
      const { id: eventId, orderId, requestId } = fact.event;
      if (await ledger.isSettled(eventId, 'email', recipient)) continue;
      const outcome = await mail(fact, recipient);
      const { attempt } = activityInfo();
      await ledger.record({ eventId, orderId, channel: 'email', recipient, attempt, ...outcome });
      log.info('mailed', { eventId, requestId, recipient, outcome: outcome.outcome });
    }
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
