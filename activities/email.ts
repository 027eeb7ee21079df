import { activityInfo, cancellationSignal, log } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { type DeliveryLedger, isSettled, type KnownDelivery } from '../db/deliveries.ts';
import type { OrderRepository } from '../db/orders.ts';
import type { Fact } from '../domain/order/order.ts';
import type { Recipient } from '../domain/order/recipients.ts';
import type { UnansweredEmail } from '../domain/order/unanswered-email.ts';
import { Unanswered } from './email/mailer.ts';
import type { OrderMail } from './email/order-mail.ts';
import { withHeartbeats } from './email/with-heartbeats.ts';

/** An unanswered email may have arrived, so at most this many copies of it are sent. */
const MAX_COPIES = 3;

interface Dependencies {
  ledger: DeliveryLedger;
  orders: Pick<OrderRepository, 'fact'>;
  orderMail: OrderMail;
  /** How long an unanswered email waits until it is sent again, in ms. */
  unansweredPauseMs: number;
  /** Starts the workflow that sends an email once more, after this pause in ms. Does nothing if it was started before. */
  scheduleResend(email: UnansweredEmail, pauseMs: number): Promise<void>;
}

export function createEmails({ ledger, orders, orderMail, unansweredPauseMs, scheduleResend }: Dependencies) {
  /** Mails facts to one recipient, in order. An unanswered one holds up no other. */
  const email = (facts: Fact[], recipient: Recipient): Promise<void> =>
    withHeartbeats(async () => {
      for (const fact of facts) {
        // Who was given up, or is asked to stop, leaves the rest to the next attempt.
        cancellationSignal().throwIfAborted();
        await mailOnce(fact, recipient);
      }
    });

  /** Tries once to mail a fact to each of several recipients, side by side. @returns those who need no further try */
  const firstEmails = (fact: Fact, recipients: Recipient[]): Promise<Recipient[]> =>
    withHeartbeats(async () => {
      const attempts = await Promise.allSettled(recipients.map((recipient) => mailOnce(fact, recipient)));
      return recipients.filter((recipient, index) => {
        const attempt = attempts[index];
        if (attempt?.status !== 'rejected') return true;
        log.warn('left to a queue of its own', { eventId: fact.event.id, recipient, error: attempt.reason });
        return false;
      });
    });

  /**
   * Mails a fact once more to a recipient whose mail server did not answer.
   *
   * @throws {ApplicationFailure} while it is too early for one more copy, and for good once there were too many
   */
  const resendUnanswered = ({ eventId, recipient }: UnansweredEmail): Promise<void> =>
    withHeartbeats(async () => {
      const [fact, before] = await Promise.all([orders.fact(eventId), ledger.find(eventId, recipient)]);
      if (isSettled(before)) return;
      // Postgres may have been restored from before: the reconciler writes it down again.
      if (!fact) throw new Error(`There is no event ${eventId}`);
      if (before) assertMayResend(before);
      const unanswered = await attempt(fact, recipient, before);
      if (unanswered) assertMayResend({ unanswered, unansweredAt: new Date() });
    });

  return { email, firstEmails, resendUnanswered };

  async function mailOnce(fact: Fact, recipient: Recipient): Promise<void> {
    const { id: eventId, orderId } = fact.event;
    const before = await ledger.find(eventId, recipient);
    if (isSettled(before)) return;
    const unanswered = before?.unanswered || (await attempt(fact, recipient, before));
    if (unanswered) await scheduleResend({ orderId, eventId, recipient }, unansweredPauseMs);
  }

  /** Makes one attempt and writes it down. Returns how many the mail server has not answered by now, if this is one. */
  async function attempt(fact: Fact, recipient: Recipient, before: KnownDelivery | undefined): Promise<number> {
    const { id: eventId, orderId, requestId } = fact.event;
    const delivery = { eventId, orderId, audience: recipient, attempt: (before?.attempt ?? 0) + 1 };
    const mailed = await orderMail(fact, recipient, { signal: cancellationSignal() }).catch(async (error: Error) => {
      const outcome = error instanceof Unanswered ? 'unanswered' : 'retrying';
      await ledger.record({ ...delivery, outcome, detail: error.message });
      if (outcome === 'retrying') throw error;
    });
    if (!mailed) return (before?.unanswered ?? 0) + 1;
    await ledger.record({ ...delivery, ...mailed });
    log.info('mailed', { eventId, requestId, recipient, outcome: mailed.outcome });
    return 0;
  }

  function assertMayResend({ unanswered, unansweredAt }: Pick<KnownDelivery, 'unanswered' | 'unansweredAt'>): void {
    const message = `The mail server confirmed none of ${unanswered} copies`;
    if (unanswered >= MAX_COPIES) throw ApplicationFailure.nonRetryable(message);
    const pause = Number(unansweredAt) + unansweredPauseMs - Date.now();
    if (pause > 0) throw ApplicationFailure.create({ message, nextRetryDelay: pause });
  }
}

/** Mails one delivery of the ledger once more, however long ago it was; its run does so once. */
export function createResendEmail({
  ledger,
  orders,
  orderMail,
}: Pick<Dependencies, 'ledger' | 'orders' | 'orderMail'>) {
  return (deliveryId: string): Promise<'sent' | 'refused' | 'suppressed' | 'unanswered' | 'unneeded'> =>
    withHeartbeats(async () => {
      const entry = await ledger.entry(deliveryId);
      const fact = entry && (await orders.fact(entry.eventId));
      const resend = activityInfo().workflowExecution?.runId ?? deliveryId;
      if (!fact || (await ledger.isResent(deliveryId, resend))) return 'unneeded';
      const options = { signal: cancellationSignal(), resend };
      const mailed = await orderMail(fact, entry.recipient as Recipient, options).catch(async (error: Error) => {
        // It may have arrived: whoever asked for it can ask again.
        if (error instanceof Unanswered) return { outcome: 'unanswered' as const, detail: error.message };
        await ledger.recordResending({ deliveryId, resend, outcome: 'retrying', detail: error.message });
        throw error;
      });
      await ledger.recordResending({ deliveryId, resend, ...mailed });
      log.info('mailed again', { eventId: entry.eventId, recipient: entry.recipient, outcome: mailed.outcome });
      return mailed.outcome;
    });
}
