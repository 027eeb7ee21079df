import { isolate } from '../../domain/text.ts';
import { wordsIn } from '../languages/index.ts';
import { formatDate } from './format-date.ts';
import { layout, look } from './layout.ts';
import { html, sentence } from './markup.ts';
import type { RenderedEmail } from './order-email.ts';

/** What the mail about a disabled webhook is written from. */
export interface WebhookEmailInput {
  id: string;
  /** As a manager typed it; may be empty. */
  description: string;
  /** Of its address, which may itself hold secrets. */
  host: string;
  /** RFC 3339. */
  failingSince: string;
  /** ISO 639; English where the shop does not write it. */
  language?: string;
  shopName: string;
  /** Of the times in it, IANA. */
  timeZone: string;
}

/** Writes the mail by which the shop hears that a webhook is disabled. Whatever was typed by a person is escaped. */
export function renderWebhookEmail({
  id,
  description,
  host,
  failingSince,
  language,
  shopName,
  timeZone,
}: WebhookEmailInput): RenderedEmail {
  const { locale, webhookDisabled, labels } = wordsIn(language);
  const shop = isolate(shopName);
  const name = isolate(description) || host;
  const { subject, preheader, headline, paragraphs } = webhookDisabled({
    name,
    host,
    since: formatDate(failingSince, locale, timeZone),
  });
  const reference = `${labels.reference} ${id}`;
  const why = labels.footer.shop(shop);
  return {
    subject,
    html: layout({
      language: locale,
      title: subject,
      preheader,
      shopName: shop,
      tone: 'sober',
      top: html`<div style="${look.label}margin-top:14px;">Webhooks</div>`,
      body: html`<h1 class="ink" style="${look.headline}">${sentence(headline)}</h1>${paragraphs.map((paragraph) => html`<p class="text" style="${look.text}">${sentence(paragraph)}</p>`)}`,
      footer: html`<div>${reference}</div><div style="margin-top:8px;">${sentence(why)}</div>`,
    }),
    text: [headline, ...paragraphs, reference, `-- \n${why}\n`].join('\n\n'),
  };
}
