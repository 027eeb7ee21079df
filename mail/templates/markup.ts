import { ISOLATE } from '../../domain/text.ts';

/** Markup that may be put into a mail as it is: only {@link html} makes it, so whatever is in it has been escaped. */
export interface Html {
  readonly markup: string;
}

type Fragment = Html | string | number | null | readonly Fragment[];

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/**
 * A template of HTML: every value is escaped, for text and for quoted attributes; other `html` goes in as it is, a list
 * item by item, `null` as nothing. Isolated text stands in a `<bdi>`.
 */
export function html(strings: TemplateStringsArray, ...values: Fragment[]): Html {
  return { markup: strings.reduce((before, after, index) => before + print(values[index - 1] ?? null) + after) };
}

/** Text of several lines, its line breaks kept. */
export const multiline = (text: string): Html =>
  html`${text.split('\n').map((line, index) => (index === 0 ? line : html`<br>${line}`))}`;

/** Text for an attribute or a title, where no element may stand: characters alone isolate it. */
export const attribute = (text: string): Html => ({ markup: escapeText(text) });

function print(value: Fragment): string {
  if (value === null) return '';
  if (typeof value === 'object') return 'markup' in value ? value.markup : value.map(print).join('');
  return escapeText(String(value)).replaceAll(ISOLATE.start, '<bdi>').replaceAll(ISOLATE.end, '</bdi>');
}

const escapeText = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character] as string);
