// Outlook on Windows renders email with Word, which treats a line height as a minimum unless this rule is set.
const exactly = 'mso-line-height-rule:exactly;';
const sans = "font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;";
export const serif = "font-family:Georgia,'Times New Roman',serif;";

/**
 * The inline styles of all emails. The light colours are inline, because some mailboxes drop the style sheet. The class beside
 * each style lets {@link styleSheet} replace the style in dark mode. All text has a contrast of at least 4.5 to its background.
 */
export const look = {
  number: `${exactly}${sans}font-size:84px;line-height:92px;font-weight:800;letter-spacing:-2px;`,
  label: `${exactly}${sans}font-size:13px;line-height:18px;font-weight:600;letter-spacing:2px;text-transform:uppercase;`,
  headline: `${exactly}${serif}font-size:28px;line-height:36px;font-weight:normal;color:#2b1a12;margin:0;`,
  text: `${exactly}${sans}font-size:16px;line-height:25px;color:#4a382e;margin:12px 0 0;`,
  strong: `${exactly}${sans}font-size:16px;line-height:24px;font-weight:600;color:#2b1a12;`,
  small: `${exactly}${sans}font-size:14px;line-height:20px;color:#75604f;`,
  note: `${exactly}${sans}font-size:14px;line-height:20px;font-style:italic;color:#4a382e;margin-top:4px;`,
  rule: 'border-top:1px solid #ebe0d2;',
  ink: '#2b1a12',
};

/** The colours of an email's header. */
export const tones = {
  calm: { ground: '#f6e3cb', ink: '#7a3c12' },
  glad: { ground: '#a34f1a', ink: '#ffffff' },
  sober: { ground: '#e9e4de', ink: '#5c524a' },
};
export type Tone = keyof typeof tones;

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

/** Returns the rules of dark mode. @param under the prefix of each selector @param colours the properties to set */
const rules = (under: string, ...colours: (keyof DarkLook)[]): string =>
  Object.entries(darkLooks)
    .map(([name, look]) => {
      const own = colours.filter((each) => look[each]).map((each) => `${each}: ${look[each]} !important;`);
      return own.length > 0 ? `${under}.${name} { ${own.join(' ')} }` : '';
    })
    .filter(Boolean)
    .join('\n');

// Outlook's apps and web page do not support the dark-mode media query. Instead, they mark the elements that they recoloured.
export const styleSheet = `
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
