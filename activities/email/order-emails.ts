import { activityInfo, cancellationSignal, log } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { type DeliveryLedger, isSettled, type KnownDelivery } from '../../db/deliveries.ts';
import type { OrderRepository } from '../../db/orders.ts';
import type { Fact } from '../../domain/order/order.ts';
import type { Recipient } from '../../domain/order/recipients.ts';
import { MAX_COPIES, type UnansweredEmail } from '../../domain/order/unanswered-email.ts';
import type { Mailer } from './mailer.ts';
import type { SendOrderEmail } from './send-order-email.ts';

interface Dependencies {
  ledger: DeliveryLedger;
  orders: Pick<OrderRepository, 'fact'>;
  sendOrderEmail: SendOrderEmail;
  mailer: Pick<Mailer, 'isUnavailable'>;
  /** The pause before an email that the mail server did not confirm is sent again, in ms. */
  unansweredPauseMs: number;
  /** Schedules the workflow that sends such an email again, unless it exists. @param pauseMs the delay before it starts, in ms */
  scheduleResend(email: UnansweredEmail, pauseMs: number): Promise<void>;
}

/** The maximum number of first attempts at the same time. Others are skipped, so that emails do not occupy all activity slots. */
export const MAX_FIRST_ATTEMPTS = 20;

/** How long a first attempt may take until the mail server has the whole message, in ms. Retries may take longer. */
const FIRST_TRANSFER_TIMEOUT_MS = 3_000;

export function createOrderEmails(dependencies: Dependencies) {
  const { ledger, orders, sendOrderEmail, mailer, unansweredPauseMs, scheduleResend } = dependencies;
  let firstAttempts = 0;

  /**
   * Sends one recipient the emails about these facts, in order. If the mail server does not answer for one email, that email is
   * scheduled to be sent again, and the next one is still sent.
   */
  async function email(facts: Fact[], recipient: Recipient): Promise<void> {
    for (const fact of facts) {
      // The activity is cancelled when the order continues as new or the worker stops. The workflow's next run, or a retry, sends
      // the remaining emails.
      cancellationSignal().throwIfAborted();
      await emailOnce(fact, recipient);
    }
  }

  /**
   * Makes the first attempts at one recipient's emails about these facts, in order. Stops after a failed attempt, and while the
   * mail server is unavailable.
   *
   * @returns the number of emails that need no further attempt, which precede the others
   */
  async function emailIfAvailable(facts: Fact[], recipient: Recipient): Promise<number> {
    if (firstAttempts >= MAX_FIRST_ATTEMPTS) return 0;
    firstAttempts += 1;
    let emailed = 0;
    try {
      for (const fact of facts) {
        if (mailer.isUnavailable() || cancellationSignal().aborted) break;
        await emailOnce(fact, recipient, FIRST_TRANSFER_TIMEOUT_MS);
        emailed += 1;
      }
    } catch (error) {
      log.warn('the first attempt at an email failed; the workflow retries', { recipient, error });
    } finally {
      firstAttempts -= 1;
    }
    return emailed;
  }

  /**
   * Makes the first attempts at the emails about a fact in parallel. For orders started by older versions.
   *
   * @returns the recipients that need no further attempt
   */
  async function firstEmails(fact: Fact, recipients: Recipient[]): Promise<Recipient[]> {
    const emailed = await Promise.all(recipients.map((recipient) => emailIfAvailable([fact], recipient)));
    return recipients.filter((_, index) => emailed[index]);
  }

  /**
   * Sends another copy of an email that the mail server did not confirm.
   *
   * @throws {ApplicationFailure} while the mail server has confirmed no copy: with the delay until the next copy is due, or
   *   non-retryable after {@link MAX_COPIES}
   */
  async function resendUnanswered({ eventId, recipient }: UnansweredEmail): Promise<void> {
    const [fact, before] = await Promise.all([orders.fact(eventId), ledger.find(eventId, recipient)]);
    if (isSettled(before)) return;
    // The event is missing if Postgres was restored from a backup. The activity is retried, because the reconciler journals the
    // event again.
    if (!fact) throw new Error(`There is no event ${eventId}`);
    if (before) assertMayResend(before);
    const unanswered = await attempt(fact, recipient, before);
    if (unanswered) assertMayResend({ unanswered, unansweredAt: new Date() });
  }

  return { email, emailIfAvailable, firstEmails, resendUnanswered };

  /** @param transferTimeout see {@link Mailer.send} */
  async function emailOnce(fact: Fact, recipient: Recipient, transferTimeout?: number): Promise<void> {
    const { id: eventId, orderId } = fact.event;
    const before = await ledger.find(eventId, recipient);
    if (isSettled(before)) return;
    const unanswered = before?.unanswered || (await attempt(fact, recipient, before, transferTimeout));
    if (unanswered) await scheduleResend({ orderId, eventId, recipient }, unansweredPauseMs);
  }

  /** Makes one attempt and records it. Returns how many attempts the mail server has not answered, or 0 if it answered this one. */
  async function attempt(
    fact: Fact,
    recipient: Recipient,
    before: KnownDelivery | undefined,
    transferTimeout?: number,
  ): Promise<number> {
    const { id: eventId, orderId, requestId } = fact.event;
    const delivery = { eventId, orderId, audience: recipient, attempt: (before?.attempt ?? 0) + 1 };
    const result = await sendOrderEmail(fact, recipient, { signal: cancellationSignal(), transferTimeout }).catch(
      async (error: Error) => {
        await ledger.record({ ...delivery, outcome: 'retrying', detail: error.message });
        throw error;
      },
    );
    await ledger.record({ ...delivery, ...result });
    log.info('email attempt', { eventId, requestId, recipient, outcome: result.outcome });
    return result.outcome === 'unanswered' ? (before?.unanswered ?? 0) + 1 : 0;
  }

  function assertMayResend({ unanswered, unansweredAt }: Pick<KnownDelivery, 'unanswered' | 'unansweredAt'>): void {
    const message = `The mail server confirmed none of ${unanswered} copies`;
    if (unanswered >= MAX_COPIES) throw ApplicationFailure.nonRetryable(message);
    const pause = Number(unansweredAt) + unansweredPauseMs - Date.now();
    if (pause > 0) throw ApplicationFailure.create({ message, nextRetryDelay: pause });
  }
}

export type OrderEmails = ReturnType<typeof createOrderEmails>;

/** Returns the activity that sends the email of a delivery again, even for an old event. Each workflow run sends the email once. */
export function createResendOrderEmail({
  ledger,
  orders,
  sendOrderEmail,
}: Pick<Dependencies, 'ledger' | 'orders' | 'sendOrderEmail'>) {
  return async (deliveryId: string): Promise<'sent' | 'refused' | 'suppressed' | 'unanswered' | 'unneeded'> => {
    const entry = await ledger.entry(deliveryId);
    const fact = entry && (await orders.fact(entry.eventId));
    const resend = activityInfo().workflowExecution?.runId ?? deliveryId;
    if (!fact || (await ledger.isResent(deliveryId, resend))) return 'unneeded';
    const options = { signal: cancellationSignal(), resend };
    const result = await sendOrderEmail(fact, entry.recipient as Recipient, options).catch(async (error: Error) => {
      await ledger.recordResending({ deliveryId, resend, outcome: 'retrying', detail: error.message });
      throw error;
    });
    await ledger.recordResending({ deliveryId, resend, ...result });
    log.info('email sent again', { eventId: entry.eventId, recipient: entry.recipient, outcome: result.outcome });
    return result.outcome;
  };
}
