import { type Html, html, sentence } from '../../languages/markup.ts';
import type { Wording } from '../../languages/wording.ts';
import { look, serif, styleSheet, type Tone, tones } from './look.ts';

/** An email without its sender and recipient. The subject is one line without control characters. */
export interface RenderedEmail {
  subject: string;
  text: string;
  html: string;
}

/** A part of an email as HTML and text. */
export interface Part {
  html: Html;
  text: string;
}

/** The content of one email. */
export interface EmailContent {
  /** BCP 47. */
  locale: string;
  shopName: string;
  tone: Tone;
  /** Shown below the shop's name, on the tone's background. */
  banner: Part;
  wording: Wording;
  /** The parts after the wording's paragraphs. */
  parts: readonly Part[];
  /** The first part of the footer. */
  closing: Part;
  /** Explains why the recipient gets this email. */
  why: string;
  /** The link to the email preferences. */
  preferences?: { label: string; url: string } | undefined;
}

/** Renders an email as HTML and as text. */
export function renderEmail(content: EmailContent): RenderedEmail {
  const { banner, wording, parts, closing, why, preferences } = content;
  const { subject, headline, paragraphs } = wording;
  const footer = `-- \n${why}\n${preferences ? `${preferences.label}: ${preferences.url}\n` : ''}`;
  const texts = [banner.text, headline, ...paragraphs, ...parts.map(({ text }) => text), closing.text, footer];
  return { subject, html: layout(content).markup, text: texts.filter(Boolean).join('\n\n') };
}

/** Renders a label in the header, for emails that are not about an order. */
export const labelBanner = (label: string): Part => ({
  html: html`<div style="${look.label}margin-top:14px;">${label}</div>`,
  text: '',
});

// Invisible padding after the preheader, so that a mailbox's list does not also show the first lines of the email.
const blank = '\u2007\u034f'.repeat(80);

/** Renders the HTML: one column, at most 560 pixels wide, without external resources. */
function layout({ locale, shopName, tone, banner, wording, parts, closing, why, preferences }: EmailContent): Html {
  const { subject, preheader, headline, paragraphs } = wording;
  const { ground, ink } = tones[tone];
  return html`<!doctype html>
<html lang="${locale}" dir="ltr" xmlns:o="urn:schemas-microsoft-com:office:office">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no, url=no">
<meta name="x-apple-disable-message-reformatting">
<title>${subject}</title>
<!--[if mso]><noscript><xml><o:OfficeDocumentSettings><o:PixelsPerInch>96</o:PixelsPerInch></o:OfficeDocumentSettings></xml></noscript><![endif]-->
<style>${{ markup: styleSheet }}
</style>
</head>
<body class="page" style="margin:0;padding:0;background-color:#f3ebe0;-webkit-text-size-adjust:100%;">
<div style="display:none;max-height:0;overflow:hidden;mso-hide:all;">${sentence(preheader)}<span aria-hidden="true">${blank}</span></div>
<div role="article" aria-roledescription="email" aria-label="${subject}" lang="${locale}" style="overflow-wrap:anywhere;word-break:break-word;">
<table role="presentation" class="page" width="100%" bgcolor="#f3ebe0" cellpadding="0" cellspacing="0" border="0" style="background-color:#f3ebe0;">
<tr><td class="page" align="center" style="padding:32px 12px;">
<!--[if mso]><table role="presentation" width="560" align="center" cellpadding="0" cellspacing="0" border="0"><tr><td><![endif]-->
<table role="presentation" class="card" width="100%" bgcolor="#fffdfa" cellpadding="0" cellspacing="0" border="0" style="max-width:560px;background-color:#fffdfa;border-radius:16px;overflow:hidden;">
<tr><td>${stripes}</td></tr>
<tr><td class="inset ${tone}" align="center" bgcolor="${ground}" style="padding:26px 40px 34px;background-color:${ground};color:${ink};">
<div style="${serif}font-size:22px;line-height:28px;font-style:italic;">${sentence(shopName)}</div>
${banner.html}
</td></tr>
<tr><td class="inset" style="padding:36px 40px 32px;"><h1 class="ink" style="${look.headline}">${sentence(headline)}</h1>${paragraphs.map((paragraph) => html`<p class="text" style="${look.text}">${sentence(paragraph)}</p>`)}${parts.map((part) => part.html)}</td></tr>
<tr><td class="inset" style="padding:0 40px 36px;">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr>
<td class="rule faint" style="${look.small}${look.rule}padding-top:18px;font-size:13px;">${closing.html}<div style="margin-top:8px;">${sentence(why)}</div>${preferences ? html`<div style="margin-top:8px;"><a class="faint" href="${preferences.url}" style="color:#75604f;">${preferences.label}</a></div>` : null}</td>
</tr></table>
</td></tr>
</table>
<!--[if mso]></td></tr></table><![endif]-->
</td></tr>
</table>
</div>
</body>
</html>
`;
}

/** The layers of a cup, from the coffee to the foam. */
const stripes = html`<table role="presentation" aria-hidden="true" width="100%" cellpadding="0" cellspacing="0" border="0" style="table-layout:fixed;"><tr>${[
  '#3b2115',
  '#7b4522',
  '#c98b56',
  '#efd6b4',
].map(
  (colour) =>
    html`<td height="6" bgcolor="${colour}" style="height:6px;line-height:6px;font-size:0;background-color:${colour};">&nbsp;</td>`,
)}</tr></table>`;
