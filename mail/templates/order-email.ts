import { writeMoney } from '../../domain/money.ts';
import { channelOf } from '../../domain/order/channel.ts';
import type { Order, OrderEvent } from '../../domain/order/order.ts';
import type { Recipient } from '../../domain/order/recipients.ts';
import { isolate } from '../../domain/text.ts';
import { wordsIn } from '../../languages/index.ts';
import type { Language } from '../../languages/language.ts';
import type { OrderDetails, Wording } from '../../languages/wording.ts';
import { linkButton } from './button.ts';
import { type Part, type RenderedEmail, renderEmail } from './layout.ts';
import { orderBanner, particulars, quote, receipt, summaryOf, tracker } from './order-parts.ts';

/** The data of an email about an order. */
export interface OrderEmailInput {
  /** The event, with the order right after it. */
  fact: { event: Pick<OrderEvent, 'type' | 'from' | 'actor' | 'reason'>; order: Order };
  recipient: Recipient;
  /** As the customer typed it; `null` after the erasure of the customer. */
  customerName: string | null;
  /** An ISO 639 code. The email is in English if the code is absent or Crema does not have the language. */
  language?: string | null | undefined;
  /** URL of the button: the order's follow link for the customer, the order on the board for the shop. */
  link: string;
  /** URL of the customer's email preferences. */
  choicePage?: string | undefined;
  shopName: string;
  /** IANA time zone of the times in the email. */
  timeZone: string;
}

/**
 * Renders the email to the customer or the shop about an event. All typed text is escaped.
 *
 * @throws {RangeError} if this recipient gets no email about such an event
 */
export function renderOrderEmail(input: OrderEmailInput): RenderedEmail {
  const language = wordsIn(input.language);
  const { locale, labels } = language;
  const { recipient, choicePage } = input;
  const { order } = input.fact;
  const shopName = isolate(input.shopName);
  return renderEmail({
    locale,
    shopName,
    tone: order.status === 'ready' ? 'glad' : order.status === 'cancelled' ? 'sober' : 'calm',
    banner: orderBanner(order, language),
    wording: wordingOf(input, language),
    parts: partsOf(input, language),
    closing: particulars(order, language, input.timeZone),
    why: labels.footer[recipient](shopName),
    preferences: choicePage ? { label: labels.choose, url: choicePage } : undefined,
  });
}

function wordingOf(
  { fact: { event, order }, recipient, customerName, shopName }: OrderEmailInput,
  language: Language,
): Wording {
  const name = event.type === 'order.status_changed' ? order.status : event.type.replace('order.', '');
  const wordings: Partial<Record<string, (about: OrderDetails) => Wording>> = language[recipient];
  const write = wordings[name];
  if (!write) throw new RangeError(`The ${recipient} gets no email about ${event.type}`);
  const { by, reasonCode } = order.cancellation ?? { by: event.actor, reasonCode: null };
  return write({
    number: order.number,
    channel: channelOf(order),
    location: order.location,
    from: event.from,
    by: by.type,
    reasonCode: by.type === 'customer' && reasonCode === 'customer_request' ? null : reasonCode,
    customerName: isolate(customerName ?? ''),
    shopName: isolate(shopName),
    summary: summaryOf(order.lines),
    total: writeMoney(order.total, language.locale),
  });
}

/** Returns the parts of the email. In emails to the shop, the customer's note is before the lines; otherwise, it is last. */
function partsOf({ fact: { event, order }, recipient, link }: OrderEmailInput, language: Language): Part[] {
  const { labels } = language;
  const toShop = recipient === 'shop';
  // A customer's own reason is not quoted to the customer.
  const reason = toShop || event.actor.type !== 'customer' ? (order.cancellation?.reason ?? event.reason) : null;
  const quotedReason = quote(labels.reason[event.actor.type], reason);
  const note = quote(labels.note[recipient], order.note);
  const button = linkButton(labels.open[recipient], link);
  const parts = toShop
    ? [quotedReason, note, button, receipt(order, language)]
    : [quotedReason, tracker(order, language), button, receipt(order, language), note];
  return parts.filter((part) => part !== null);
}
