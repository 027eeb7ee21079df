import { isolate } from '../../domain/text.ts';
import { wordsIn } from '../../languages/index.ts';
import { html, sentence } from '../../languages/markup.ts';
import type { AccountEmail } from '../../languages/wording.ts';
import { labelBanner, type Part, type RenderedEmail, renderEmail } from './layout.ts';
import { look } from './look.ts';

/** The data of an email about an account. */
export interface AccountEmailInput {
  kind: AccountEmail;
  /** The recipient's name, as typed; empty if unknown or unverified. */
  name: string;
  /** URL of the button. */
  link: string;
  /** An ISO 639 code. The email is in English if the code is absent or Crema does not have the language. */
  language?: string | null | undefined;
  shopName: string;
}

/** Renders an email about an account. All typed text is escaped. */
export function renderAccountEmail({ kind, name, link, language, shopName: typed }: AccountEmailInput): RenderedEmail {
  const { locale, account, labels } = wordsIn(language);
  const shopName = isolate(typed);
  const { button, remark, ...wording } = account[kind]({ name: isolate(name), shopName });
  return renderEmail({
    locale,
    shopName,
    tone: kind === 'address_asked' || kind === 'password_changed' ? 'sober' : 'calm',
    banner: labelBanner(labels.account),
    wording,
    parts: [linkButton(button, link, labels.orOpen)],
    closing: { html: html`<div>${sentence(remark)}</div>`, text: remark },
    why: labels.footer.account(shopName),
  });
}

/** @param orOpen the text before the URL, which is also shown as text */
const linkButton = (label: string, link: string, orOpen: string): Part => ({
  html: html`
<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin-top:28px;"><tr>
<td class="glad" bgcolor="#a34f1a" style="mso-padding-alt:14px 26px;border-radius:10px;background-color:#a34f1a;color:#ffffff;">
<a class="glad" href="${link}" style="${look.strong}display:inline-block;padding:14px 26px;border-radius:10px;color:#ffffff;text-decoration:none;">${label}</a>
</td></tr></table>
<p class="faint" style="${look.small}margin:24px 0 0;">${orOpen}<br><a class="faint" href="${link}" style="color:#75604f;word-break:break-all;">${link}</a></p>`,
  text: `${label}:\n${link}`,
});
