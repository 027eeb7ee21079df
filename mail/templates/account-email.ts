import { isolate } from '../../domain/text.ts';
import { wordsIn } from '../languages/index.ts';
import type { AccountEmail, AccountWording } from '../languages/language.ts';
import { layout, look, type Tone } from './layout.ts';
import { type Html, html, sentence } from './markup.ts';
import type { RenderedEmail } from './order-email.ts';

/** The data of an email about an account. */
export interface AccountEmailInput {
  kind: AccountEmail;
  /** As typed; empty if unknown or unverified. */
  name: string;
  /** URL of the button. */
  link: string;
  /** ISO 639. Languages that the shop does not have fall back to English. */
  language?: string | null | undefined;
  shopName: string;
}

const tones: Record<AccountEmail, Tone> = {
  registration: 'calm',
  known: 'calm',
  invitation: 'calm',
  reset: 'calm',
  address: 'calm',
  address_asked: 'sober',
  password_changed: 'sober',
};

/** Renders an email about an account. All typed text is escaped. */
export function renderAccountEmail({ kind, name, link, language, shopName }: AccountEmailInput): RenderedEmail {
  const { locale, account, labels } = wordsIn(language);
  const shop = isolate(shopName);
  const wording = account[kind]({ name: isolate(name), shopName: shop });
  const why = labels.footer.account(shop);
  return {
    subject: wording.subject,
    html: layout({
      language: locale,
      title: wording.subject,
      preheader: wording.preheader,
      shopName: shop,
      tone: tones[kind],
      top: html`<div style="${look.label}margin-top:14px;">${labels.account}</div>`,
      body: bodyOf(wording, link, labels.orOpen),
      footer: html`<div>${sentence(wording.remark)}</div><div style="margin-top:8px;">${sentence(why)}</div>`,
    }),
    text: textOf(wording, link, why),
  };
}

function bodyOf({ headline, paragraphs, button }: AccountWording, link: string, orOpen: string): Html {
  return html`<h1 class="ink" style="${look.headline}">${sentence(headline)}</h1>${paragraphs.map((paragraph) => html`<p class="text" style="${look.text}">${sentence(paragraph)}</p>`)}
<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin-top:28px;"><tr>
<td class="glad" bgcolor="#a34f1a" style="mso-padding-alt:14px 26px;border-radius:10px;background-color:#a34f1a;color:#ffffff;">
<a class="glad" href="${link}" style="${look.strong}display:inline-block;padding:14px 26px;border-radius:10px;color:#ffffff;text-decoration:none;">${button}</a>
</td></tr></table>
<p class="faint" style="${look.small}margin:24px 0 0;">${orOpen}<br><a class="faint" href="${link}" style="color:#75604f;word-break:break-all;">${link}</a></p>`;
}

const textOf = ({ headline, paragraphs, button, remark }: AccountWording, link: string, why: string): string =>
  [headline, ...paragraphs, `${button}:\n${link}`, remark, `-- \n${why}\n`].join('\n\n');
