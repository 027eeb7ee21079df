import { en } from './languages/en.ts';
import { layout, look } from './layout.ts';
import { html } from './markup.ts';
import { writeMoment } from './moment.ts';
import type { RenderedEmail } from './order-email.ts';
import { oneLine } from './plain-words.ts';

/** What the mail about a disabled webhook is written from. */
export interface WebhookEmailInput {
  id: string;
  /** As a manager typed it; may be empty. */
  description: string;
  /** Of its address, which may itself hold secrets. */
  host: string;
  /** RFC 3339. */
  failingSince: string;
  /** Default: Crema. */
  shopName?: string;
}

/** Writes the mail by which the shop hears that a webhook is disabled. Whatever was typed by a person is escaped. */
export function renderWebhookEmail({
  id,
  description,
  host,
  failingSince,
  shopName = 'Crema',
}: WebhookEmailInput): RenderedEmail {
  const shop = oneLine(shopName);
  const name = oneLine(description) || host;
  const subject = `The webhook “${name}” is disabled`;
  const headline = 'Nobody was listening';
  const paragraphs = [
    `Everything that we sent to ${host} has failed since ${writeMoment(failingSince, en.locale)}, so we have stopped.`,
    'Once its endpoint works again, enable the webhook, and have what it missed delivered again.',
  ];
  const reference = `Webhook ${id}`;
  const why = en.labels.footer.shop(shop);
  return {
    subject,
    html: layout({
      language: en.locale,
      title: subject,
      preheader: paragraphs.join(' '),
      shopName: shop,
      tone: 'sober',
      top: html`<div style="${look.label}padding-top:14px;">Webhooks</div>`,
      body: html`<h1 class="ink" style="${look.headline}">${headline}</h1>${paragraphs.map((paragraph) => html`<p class="text" style="${look.text}">${paragraph}</p>`)}`,
      footer: html`<div>${reference}</div><div style="padding-top:8px;">${why}</div>`,
    }),
    text: [headline, ...paragraphs, reference, `-- \n${why}\n`].join('\n\n'),
  };
}
