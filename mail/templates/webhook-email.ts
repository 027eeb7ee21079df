import { isolate } from '../../domain/text.ts';
import { wordsIn } from '../../languages/index.ts';
import { html } from '../../languages/markup.ts';
import { formatDate } from './format-date.ts';
import { labelBanner, type RenderedEmail, renderEmail } from './layout.ts';

/** The data of the email about a disabled webhook. */
export interface WebhookEmailInput {
  id: string;
  /** As a manager typed it. Can be empty. */
  description: string;
  /** The host only, because the URL can contain secrets. */
  host: string;
  /** RFC 3339. */
  failingSince: string;
  /** An ISO 639 code. The email is in English if the code is absent or Crema does not have the language. */
  language?: string;
  shopName: string;
  /** IANA time zone of the times in the email. */
  timeZone: string;
}

/** Renders the email to the shop about a disabled webhook. All typed text is escaped. */
export function renderWebhookEmail(input: WebhookEmailInput): RenderedEmail {
  const { locale, webhookDisabled, labels } = wordsIn(input.language);
  const { id, description, host, failingSince, timeZone } = input;
  const shopName = isolate(input.shopName);
  const since = formatDate(failingSince, locale, timeZone);
  const reference = `${labels.reference} ${id}`;
  return renderEmail({
    locale,
    shopName,
    tone: 'sober',
    banner: labelBanner('Webhooks'),
    wording: webhookDisabled({ name: isolate(description) || host, host, since }),
    parts: [],
    closing: { html: html`<div>${reference}</div>`, text: reference },
    why: labels.footer.shop(shopName),
  });
}
