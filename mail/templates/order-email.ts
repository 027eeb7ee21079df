import { writeMoney } from '../../domain/money.ts';
import type { Order, OrderEvent } from '../../domain/order/order.ts';
import type { Recipient } from '../../domain/order/recipients.ts';
import type { Status } from '../../domain/order/transitions.ts';
import { isolate } from '../../domain/text.ts';
import { wordsIn } from '../languages/index.ts';
import type { Language, Subject, Wording } from '../languages/language.ts';
import { layout, look, type Tone } from './layout.ts';
import { html, sentence } from './markup.ts';
import { banner, type Part, particulars, quote, receipt, summaryOf, tracker } from './order-parts.ts';

/** The data of an email about an order. */
export interface OrderEmailInput {
  /** The event, with the order right after it. */
  fact: { event: Pick<OrderEvent, 'type' | 'from' | 'actor' | 'reason'>; order: Order };
  recipient: Recipient;
  /** As the customer typed it; `null` after the erasure of the customer. */
  customerName: string | null;
  /** ISO 639. Languages that the shop does not have fall back to English. */
  language?: string | null | undefined;
  /** URL of the customer's email preferences. */
  choicePage?: string | undefined;
  shopName: string;
  /** IANA time zone of the times in the email. */
  timeZone: string;
}

/** An email without addresses. The subject is one line without control characters. */
export interface RenderedEmail {
  subject: string;
  text: string;
  html: string;
}

/**
 * Renders the email to the customer or the shop about an event. All typed text is escaped.
 *
 * @throws {RangeError} if this recipient gets no email about such an event
 */
export function renderOrderEmail({
  fact,
  recipient,
  customerName,
  language: code,
  choicePage,
  shopName,
  timeZone,
}: OrderEmailInput): RenderedEmail {
  const language = wordsIn(code);
  const subject = subjectOf(fact, isolate(customerName ?? ''), isolate(shopName), language);
  const wording = wordingOf(fact, recipient, subject, language);
  const parts = bodyOf(fact, recipient, wording, language);
  const top = banner(fact.order, language);
  const closing = particulars(fact.order, language, timeZone);
  const why = language.labels.footer[recipient](subject.shopName);
  const choice = choicePage && { label: language.labels.choose, page: choicePage };
  return {
    subject: wording.subject,
    html: layout({
      language: language.locale,
      title: wording.subject,
      preheader: wording.preheader,
      shopName: subject.shopName,
      tone: tones[fact.order.status] ?? 'calm',
      top: top.html,
      body: html`${parts.map((part) => part.html)}`,
      footer: html`${closing.html}<div style="margin-top:8px;">${sentence(why)}</div>${choice ? html`<div style="margin-top:8px;"><a class="faint" href="${choice.page}" style="color:#75604f;">${choice.label}</a></div>` : null}`,
    }),
    text: [
      top.text,
      ...parts.map((part) => part.text),
      closing.text,
      `-- \n${why}\n${choice ? `${choice.label}: ${choice.page}\n` : ''}`,
    ].join('\n\n'),
  };
}

/** The event, with the order right after it. */
type News = OrderEmailInput['fact'];

const tones: Partial<Record<Status, Tone>> = { ready: 'glad', cancelled: 'sober' };

function subjectOf({ order, event }: News, customerName: string, shopName: string, { locale }: Language): Subject {
  const total = writeMoney(order.total, locale);
  return { order, from: event.from, customerName, shopName, summary: summaryOf(order.lines), total };
}

function wordingOf({ event, order }: News, recipient: Recipient, subject: Subject, language: Language): Wording {
  const name = event.type === 'order.status_changed' ? order.status : emailNames[event.type];
  const wordings: Partial<Record<string, (about: Subject) => Wording>> = language[recipient];
  const write = wordings[name];
  if (!write) throw new RangeError(`The ${recipient} gets no email about ${event.type}`);
  return write(subject);
}

const emailNames = {
  'order.placed': 'placed',
  'order.edited': 'edited',
  'order.cancelled': 'cancelled',
  'order.delayed': 'delayed',
  'order.uncollected': 'uncollected',
} as const;

/** Puts the customer's note before the lines for the shop, and last for the customer. */
function bodyOf(fact: News, recipient: Recipient, wording: Wording, language: Language): Part[] {
  const { order } = fact;
  const note = quote(language.labels.note[recipient], order.note);
  const parts =
    recipient === 'shop'
      ? [words(wording), reasonOf(fact, recipient, language), note, receipt(order, language)]
      : [words(wording), reasonOf(fact, recipient, language), tracker(order, language), receipt(order, language), note];
  return parts.filter((part) => part !== null);
}

/** Quotes the reason of a change. Emails to customers omit the customer's own reason. */
function reasonOf({ event, order }: News, recipient: Recipient, { labels }: Language): Part | null {
  if (recipient === 'customer' && event.actor.type === 'customer') return null;
  return quote(labels.reason[event.actor.type], order.cancellation?.reason ?? event.reason);
}

function words({ headline, paragraphs }: Wording): Part {
  return {
    html: html`<h1 class="ink" style="${look.headline}">${sentence(headline)}</h1>${paragraphs.map((paragraph) => html`<p class="text" style="${look.text}">${sentence(paragraph)}</p>`)}`,
    text: [headline, ...paragraphs].join('\n\n'),
  };
}
