import type { CustomerNames } from '../../db/customer-names.ts';
import type { EmailSuppressions } from '../../db/email-suppressions.ts';
import type { UserRepository } from '../../db/users.ts';
import { choicePage, unsubscribeLink } from '../../domain/account/link.ts';
import { emailKindOf } from '../../domain/order/email-kinds.ts';
import type { Fact } from '../../domain/order/order.ts';
import type { Recipient } from '../../domain/order/recipients.ts';
import { suppressionReason, whyReturned } from '../../domain/order/suppression-reason.ts';
import type { FollowLinks } from '../../mail/follow-links.ts';
import { renderOrderEmail } from '../../mail/templates/order-email.ts';
import type { Mailer, SendResult } from './mailer.ts';
import type { ShopSettings } from './shop-settings.ts';

interface Dependencies extends ShopSettings {
  users: Pick<UserRepository, 'findReader'>;
  customerNames: Pick<CustomerNames, 'find'>;
  suppressions: Pick<EmailSuppressions, 'reasonFor'>;
  mailer: Mailer;
  /** Base URL of the shop's pages. */
  publicUrl: string;
  followLinks: Pick<FollowLinks, 'linkTo'>;
}

/**
 * Makes one attempt at sending the email about an event, unless the email is suppressed.
 *
 * @throws on an outage: the email was not sent and can be retried
 */
export type SendOrderEmail = (
  fact: Fact,
  recipient: Recipient,
  options: {
    /** Cancels the attempt, see {@link Mailer.send}. */
    signal: AbortSignal;
    /** Gives an email that is sent again its own `Message-ID`, because mailboxes hide a second email with the same `Message-ID`. */
    resend?: string;
    /** See {@link Mailer.send}. */
    transferTimeout?: number | undefined;
  },
) => Promise<SendResult | { outcome: 'suppressed'; detail?: string | undefined }>;

export function createSendOrderEmail(dependencies: Dependencies): SendOrderEmail {
  const {
    users,
    customerNames,
    suppressions,
    mailer,
    ordersEmail,
    shopLanguage,
    shopName,
    timeZone,
    publicUrl,
    followLinks,
  } = dependencies;

  return async (fact, recipient, { signal, resend, transferTimeout }) => {
    const { event, order } = fact;
    const reader = await users.findReader(order.customer.id);
    const kind = emailKindOf(event);
    const to = recipient === 'shop' ? ordersEmail : reader?.email;
    const why = recipient === 'shop' ? await shopSuppression() : suppressionReason(order, reader, kind);
    if (why || !to) return { outcome: 'suppressed', detail: why };

    const toCustomer = recipient === 'customer' && reader;
    const content = renderOrderEmail({
      fact,
      recipient,
      customerName: reader?.name ?? (await customerNames.find(order.id)),
      language: (toCustomer && reader.language) || shopLanguage,
      shopName,
      timeZone,
      link: recipient === 'customer' ? followLinks.linkTo(order.id) : `${publicUrl}/board#${order.id}`,
      ...(toCustomer && { choicePage: choicePage(publicUrl, reader.emailToken) }),
    });
    return mailer.send(
      {
        to,
        ...(toCustomer && { toName: reader.name }),
        ...(toCustomer && kind && { unsubscribe: unsubscribeLink(publicUrl, reader.emailToken) }),
        eventId: event.id,
        recipient,
        resend,
        ...content,
      },
      signal,
      transferTimeout,
    );
  };

  async function shopSuppression(): Promise<string | undefined> {
    const returned = await suppressions.reasonFor(ordersEmail);
    return returned && whyReturned[returned];
  }
}
