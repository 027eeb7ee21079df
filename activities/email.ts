import { activityInfo, cancellationSignal, heartbeat, log } from '@temporalio/activity';
import { type DeliveryLedger, isSettled } from '../db/deliveries.ts';
import type { OrderRepository } from '../db/orders.ts';
import type { Fact } from '../domain/order/order.ts';
import type { Recipient } from '../domain/order/recipients.ts';
import type { OrderMail } from './email/order-mail.ts';

interface Dependencies {
  ledger: DeliveryLedger;
  orderMail: OrderMail;
}

export function createEmails({ ledger, orderMail }: Dependencies) {
  /** Mails facts to one recipient, in order. */
  async function email(facts: Fact[], recipient: Recipient): Promise<void> {
    for (const fact of facts) {
      // Who was given up, or is asked to stop, leaves the rest to the next attempt.
      cancellationSignal().throwIfAborted();
      heartbeat();
      await mailOnce(fact, recipient);
    }
  }

  /** Tries once to mail a fact to each of several recipients. @returns those who need no further try */
  async function firstEmails(fact: Fact, recipients: Recipient[]): Promise<Recipient[]> {
    const told: Recipient[] = [];
    for (const recipient of recipients) {
      cancellationSignal().throwIfAborted();
      heartbeat();
      try {
        await mailOnce(fact, recipient);
        told.push(recipient);
      } catch (error) {
        log.warn('left to a queue of its own', { eventId: fact.event.id, recipient, error });
      }
    }
    return told;
  }

  return { email, firstEmails };

  async function mailOnce(fact: Fact, recipient: Recipient): Promise<void> {
    const { id: eventId, orderId, requestId } = fact.event;
    const before = await ledger.find(eventId, recipient);
    if (isSettled(before)) return;
    const delivery = { eventId, orderId, audience: recipient, attempt: (before?.attempt ?? 0) + 1 };
    const mailed = await orderMail(fact, recipient).catch(async (error: Error) => {
      await ledger.record({ ...delivery, outcome: 'retrying', detail: error.message });
      throw error;
    });
    await ledger.record({ ...delivery, ...mailed });
    log.info('mailed', { eventId, requestId, recipient, outcome: mailed.outcome });
  }
}

/** Mails one delivery of the ledger once more, however long ago it was; its run does so once. */
export function createResendEmail({
  ledger,
  orders,
  orderMail,
}: Dependencies & { orders: Pick<OrderRepository, 'fact'> }) {
  return async (deliveryId: string): Promise<'sent' | 'refused' | 'suppressed' | 'unneeded'> => {
    const entry = await ledger.entry(deliveryId);
    const fact = entry && (await orders.fact(entry.eventId));
    const resend = activityInfo().workflowExecution?.runId ?? deliveryId;
    if (!fact || (await ledger.isResent(deliveryId, resend))) return 'unneeded';
    const mailed = await orderMail(fact, entry.recipient as Recipient, resend).catch(async (error: Error) => {
      await ledger.recordResending({ deliveryId, resend, outcome: 'retrying', detail: error.message });
      throw error;
    });
    await ledger.recordResending({ deliveryId, resend, ...mailed });
    log.info('mailed again', { eventId: entry.eventId, recipient: entry.recipient, outcome: mailed.outcome });
    return mailed.outcome;
  };
}
