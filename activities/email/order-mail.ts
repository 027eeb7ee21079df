import type { AttemptOutcome } from '../../db/deliveries.ts';
import type { EmailSuppressions } from '../../db/email-suppressions.ts';
import type { UserRepository } from '../../db/users.ts';
import { choicePage, unsubscribeLink } from '../../domain/account/link.ts';
import { emailKindOf } from '../../domain/order/email-kinds.ts';
import type { Fact } from '../../domain/order/order.ts';
import type { Recipient } from '../../domain/order/recipients.ts';
import { suppressionReason, whyReturned } from '../../domain/order/suppression-reason.ts';
import { renderOrderEmail } from '../../mail/templates/order-email.ts';
import { type Mailer, PermanentRefusal } from './mailer.ts';

/** What mail about orders is sent with. */
export interface OrderMailDependencies {
  users: Pick<UserRepository, 'findReader'>;
  suppressions: Pick<EmailSuppressions, 'reasonFor'>;
  mailer: Mailer;
  /** The shop's own address. */
  ordersEmail: string;
  /** What the shop itself reads, and who has asked for no other language: ISO 639. */
  shopLanguage: string;
  /** The shop's name, as people know it. */
  shopName: string;
  /** Of the times in mails, IANA. */
  timeZone: string;
  /** Where people see the shop: links in mails lead there. */
  publicUrl: string;
}

/** How an attempt ended that will not be followed by another one. */
export interface Mailed {
  outcome: Exclude<AttemptOutcome, 'retrying' | 'unanswered'>;
  detail?: string | undefined;
  messageId?: string;
}

/**
 * Makes one attempt at mailing a fact to somebody, unless they are to get no such mail.
 *
 * @throws when the mail may be tried again
 */
export type OrderMail = (fact: Fact, recipient: Recipient, options: MailOptions) => Promise<Mailed>;

export interface MailOptions {
  /** Ends the attempt, unless the mail server has the whole message. */
  signal: AbortSignal;
  /** Names a mail that is sent once more: mailboxes would hide a second one with the first one's `Message-ID`. */
  resend?: string;
}

export function createOrderMail(dependencies: OrderMailDependencies): OrderMail {
  const { users, suppressions, mailer, ordersEmail, shopLanguage, shopName, timeZone, publicUrl } = dependencies;

  return async (fact, recipient, { signal, resend }) => {
    const { event, order } = fact;
    const reader = await users.findReader(order.customer.id);
    const kind = emailKindOf(event);
    const to = recipient === 'shop' ? ordersEmail : reader?.email;
    const returned = to === undefined ? undefined : await suppressions.reasonFor(to);
    const why = recipient === 'shop' ? returned && whyReturned[returned] : suppressionReason(reader, kind, returned);
    if (why || !to) return { outcome: 'suppressed', detail: why };

    const toCustomer = recipient === 'customer' && reader;
    const content = renderOrderEmail({
      fact,
      recipient,
      customerName: reader?.name ?? null,
      language: (toCustomer && reader.language) || shopLanguage,
      shopName,
      timeZone,
      ...(toCustomer && { choicePage: choicePage(publicUrl, reader.emailToken) }),
    });
    const email = {
      to,
      ...(toCustomer && { toName: reader.name }),
      ...(toCustomer && kind && { unsubscribe: unsubscribeLink(publicUrl, reader.emailToken) }),
      eventId: event.id,
      recipient,
      resend,
      ...content,
    };
    try {
      return await mailer.send(email, signal);
    } catch (error) {
      if (error instanceof PermanentRefusal) return { outcome: 'refused', detail: error.message };
      throw error;
    }
  };
}
