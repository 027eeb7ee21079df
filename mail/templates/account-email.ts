import { isolate } from '../../domain/text.ts';
import { wordsIn } from '../../languages/index.ts';
import { html, sentence } from '../../languages/markup.ts';
import type { AccountEmail } from '../../languages/wording.ts';
import { linkButton } from './button.ts';
import { labelBanner, type RenderedEmail, renderEmail } from './layout.ts';

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
