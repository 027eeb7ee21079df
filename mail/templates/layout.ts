import { type Html, html, sentence } from './markup.ts';

/** The colours of an email's header. */
export type Tone = 'calm' | 'glad' | 'sober';

/** The parts of one email. */
export interface Page {
  /** BCP 47. */
  language: string;
  title: string;
  preheader: string;
  shopName: string;
  tone: Tone;
  /** Shown below the shop's name, on the tone's background. */
  top: Html;
  body: Html;
  footer: Html;
}

// Outlook on Windows renders email with Word, which treats a line height as a minimum unless this rule is set.
const exactly = 'mso-line-height-rule:exactly;';
const sans = "font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;";
const serif = "font-family:Georgia,'Times New Roman',serif;";

/**
 * The inline styles of all emails. Light colours are inline because some mailboxes drop the style sheet. The class beside each
 * lets {@link darkMode} replace them. All text has a contrast of at least 4.5 to its background.
 */
export const look = {
  number: `${exactly}${sans}font-size:84px;line-height:92px;font-weight:800;letter-spacing:-2px;`,
  label: `${exactly}${sans}font-size:13px;line-height:18px;font-weight:600;letter-spacing:2px;text-transform:uppercase;`,
  headline: `${exactly}${serif}font-size:28px;line-height:36px;font-weight:normal;color:#2b1a12;margin:0;`,
  text: `${exactly}${sans}font-size:16px;line-height:25px;color:#4a382e;margin:12px 0 0;`,
  strong: `${exactly}${sans}font-size:16px;line-height:24px;font-weight:600;color:#2b1a12;`,
  small: `${exactly}${sans}font-size:14px;line-height:20px;color:#75604f;`,
  rule: 'border-top:1px solid #ebe0d2;',
  ink: '#2b1a12',
};

const grounds: Record<Tone, string> = { calm: '#f6e3cb', glad: '#a34f1a', sober: '#e9e4de' };
const inks: Record<Tone, string> = { calm: '#7a3c12', glad: '#ffffff', sober: '#5c524a' };

interface DarkLook {
  color?: string;
  'background-color'?: string;
  'border-color'?: string;
}

// A class is named after what it colours: page, card, ink (headings), text, faint text, rule, and a tone's background.
const darkLooks: Record<string, DarkLook> = {
  page: { 'background-color': '#17110d' },
  card: { 'background-color': '#221913' },
  ink: { color: '#fbf1e6' },
  text: { color: '#ddcdbf' },
  faint: { color: '#b39f8f' },
  rule: { 'border-color': '#3b2d24' },
  quote: { 'background-color': '#2d221a', 'border-color': '#d98e52' },
  done: { 'background-color': '#d98e52' },
  todo: { 'background-color': '#43342a' },
  calm: { 'background-color': '#3a2719', color: '#f0b684' },
  glad: { 'background-color': '#e39a5f', color: '#2a1508' },
  sober: { 'background-color': '#2c2723', color: '#bfb3a8' },
};

/** @param under the prefix of each selector @param colours the properties to set */
const rules = (under: string, ...colours: (keyof DarkLook)[]): string =>
  Object.entries(darkLooks)
    .map(([name, look]) => {
      const own = colours.filter((each) => look[each]).map((each) => `${each}: ${look[each]} !important;`);
      return own.length > 0 ? `${under}.${name} { ${own.join(' ')} }` : '';
    })
    .filter(Boolean)
    .join('\n');

// Outlook's apps and web page support no dark-mode media query. They mark elements whose text or background they recoloured.
const darkMode = `
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (prefers-color-scheme: dark) {
${rules('', 'color', 'background-color', 'border-color')}
}
${rules('[data-ogsc] ', 'color')}
${rules('[data-ogsb] ', 'background-color')}
@media (max-width: 480px) {
.page { padding: 0 !important; }
.card { border-radius: 0 !important; }
.inset { padding-left: 22px !important; padding-right: 22px !important; }
.number { font-size: 72px !important; line-height: 80px !important; }
}`;

// Padding after the preheader, so that a mailbox's list does not show the first lines of the email.
const blank = '\u2007\u034f'.repeat(80);

const layers = ['#3b2115', '#7b4522', '#c98b56', '#efd6b4'];

/** Renders an email as one column, at most 560 pixels wide, without external resources. */
export function layout(page: Page): string {
  const { markup } = html`<!doctype html>
<html lang="${page.language}" dir="ltr" xmlns:o="urn:schemas-microsoft-com:office:office">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no, url=no">
<meta name="x-apple-disable-message-reformatting">
<title>${page.title}</title>
<!--[if mso]><noscript><xml><o:OfficeDocumentSettings><o:PixelsPerInch>96</o:PixelsPerInch></o:OfficeDocumentSettings></xml></noscript><![endif]-->
<style>${{ markup: darkMode }}
</style>
</head>
<body class="page" style="margin:0;padding:0;background-color:#f3ebe0;-webkit-text-size-adjust:100%;">
<div style="display:none;max-height:0;overflow:hidden;mso-hide:all;">${sentence(page.preheader)}<span aria-hidden="true">${blank}</span></div>
<div role="article" aria-roledescription="email" aria-label="${page.title}" lang="${page.language}" style="overflow-wrap:anywhere;word-break:break-word;">
<table role="presentation" class="page" width="100%" bgcolor="#f3ebe0" cellpadding="0" cellspacing="0" border="0" style="background-color:#f3ebe0;">
<tr><td class="page" align="center" style="padding:32px 12px;">
<!--[if mso]><table role="presentation" width="560" align="center" cellpadding="0" cellspacing="0" border="0"><tr><td><![endif]-->
<table role="presentation" class="card" width="100%" bgcolor="#fffdfa" cellpadding="0" cellspacing="0" border="0" style="max-width:560px;background-color:#fffdfa;border-radius:16px;overflow:hidden;">
<tr><td>${stripes()}</td></tr>
<tr><td class="inset ${page.tone}" align="center" bgcolor="${grounds[page.tone]}" style="padding:26px 40px 34px;background-color:${grounds[page.tone]};color:${inks[page.tone]};">
<div style="${serif}font-size:22px;line-height:28px;font-style:italic;">${sentence(page.shopName)}</div>
${page.top}
</td></tr>
<tr><td class="inset" style="padding:36px 40px 32px;">${page.body}</td></tr>
<tr><td class="inset" style="padding:0 40px 36px;">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr>
<td class="rule faint" style="${look.small}${look.rule}padding-top:18px;font-size:13px;">${page.footer}</td>
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
  return markup;
}

/** The layers of a cup, from the coffee to the foam. */
function stripes(): Html {
  const cells = layers.map(
    (colour) =>
      html`<td height="6" bgcolor="${colour}" style="height:6px;line-height:6px;font-size:0;background-color:${colour};">&nbsp;</td>`,
  );
  return html`<table role="presentation" aria-hidden="true" width="100%" cellpadding="0" cellspacing="0" border="0" style="table-layout:fixed;"><tr>${cells}</tr></table>`;
}
