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

/** What a mail is written from. */
export interface OrderEmailInput {
  /** An event with the order as of it. */
  fact: { event: Pick<OrderEvent, 'type' | 'from' | 'actor' | 'reason'>; order: Order };
  recipient: Recipient;
  /** As the customer typed it; `null` where nobody knows it any more. */
  customerName: string | null;
  /** ISO 639; English where the shop does not write it. */
  language?: string | null | undefined;
  /** Where the customer chooses which mails they get. */
  choicePage?: string | undefined;
  shopName: string;
  /** Of the times in it, IANA. */
  timeZone: string;
}

/** A mail without its addresses. The subject is one line, free of control characters. */
export interface RenderedEmail {
  subject: string;
  text: string;
  html: string;
}

/**
 * Writes the mail by which the customer, or the shop, hears of an event. Whatever was typed by a person is escaped.
 *
 * @throws {RangeError} when this recipient gets no mail of such an event (design §5)
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

/** What there is to tell. */
type News = OrderEmailInput['fact'];

const tones: Partial<Record<Status, Tone>> = { ready: 'glad', cancelled: 'sober' };

function subjectOf({ order, event }: News, customerName: string, shopName: string, { locale }: Language): Subject {
  const total = writeMoney(order.total, locale);
  return { order, from: event.from, customerName, shopName, summary: summaryOf(order.lines), total };
}

function wordingOf({ event, order }: News, recipient: Recipient, subject: Subject, language: Language): Wording {
  const mail = event.type === 'order.status_changed' ? order.status : mails[event.type];
  const wordings: Partial<Record<string, (about: Subject) => Wording>> = language[recipient];
  const write = wordings[mail];
  if (!write) throw new RangeError(`The ${recipient} gets no mail of ${event.type}`);
  return write(subject);
}

const mails = {
  'order.placed': 'placed',
  'order.edited': 'edited',
  'order.cancelled': 'cancelled',
  'order.delayed': 'delayed',
  'order.uncollected': 'uncollected',
} as const;

/** The shop reads the note before anything else, the customer knows it. */
function bodyOf(fact: News, recipient: Recipient, wording: Wording, language: Language): Part[] {
  const { order } = fact;
  const note = quote(language.labels.note[recipient], order.note);
  const parts =
    recipient === 'shop'
      ? [words(wording), errorSummary(fact, recipient, language), note, receipt(order, language)]
      : [
          words(wording),
          errorSummary(fact, recipient, language),
          tracker(order, language),
          receipt(order, language),
          note,
        ];
  return parts.filter((part) => part !== null);
}

/** Why somebody else did this, as they put it; nobody is told their own words. */
function errorSummary({ event, order }: News, recipient: Recipient, { labels }: Language): Part | null {
  if (recipient === 'customer' && event.actor.type === 'customer') return null;
  return quote(labels.reason[event.actor.type], order.cancellation?.reason ?? event.reason);
}

function words({ headline, paragraphs }: Wording): Part {
  return {
    html: html`<h1 class="ink" style="${look.headline}">${sentence(headline)}</h1>${paragraphs.map((paragraph) => html`<p class="text" style="${look.text}">${sentence(paragraph)}</p>`)}`,
    text: [headline, ...paragraphs].join('\n\n'),
  };
}
