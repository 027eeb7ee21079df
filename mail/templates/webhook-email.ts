import { isolate } from '../../domain/text.ts';
import { wordsIn } from '../languages/index.ts';
import { formatDate } from './format-date.ts';
import { layout, look } from './layout.ts';
import { html, sentence } from './markup.ts';
import type { RenderedEmail } from './order-email.ts';

/** The data of the email about a disabled webhook. */
export interface WebhookEmailInput {
  id: string;
  /** As a manager typed it. Can be empty. */
  description: string;
  /** The host only, because the URL can contain secrets. */
  host: string;
  /** RFC 3339. */
  failingSince: string;
  /** ISO 639. Languages that the shop does not have fall back to English. */
  language?: string;
  shopName: string;
  /** IANA time zone of the times in the email. */
  timeZone: string;
}

/** Renders the email to the shop about a disabled webhook. All typed text is escaped. */
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
