import { ISOLATE } from '../domain/text.ts';

/** Markup that needs no escaping. {@link html} creates it. */
export interface Html {
  readonly markup: string;
}

type Fragment = Html | string | number | null | readonly Fragment[];

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/**
 * The tag of an HTML template. Escapes every value, so that the value is safe in text and in quoted attributes. Markup from `html`
 * is inserted unchanged, lists are inserted item by item, and `null` is omitted.
 */
export function html(strings: TemplateStringsArray, ...values: Fragment[]): Html {
  return { markup: strings.reduce((before, after, index) => before + print(values[index - 1] ?? null) + after) };
}

/** Returns typed text in a `<bdi>`, so that its writing direction does not affect the text around it. */
export const bdi = (typed: string): Html => html`<bdi>${typed}</bdi>`;

// Splitting a text by this expression puts the isolated parts at the odd indexes.
const isolated = new RegExp(`${ISOLATE.start}([^${ISOLATE.start}${ISOLATE.end}]*)${ISOLATE.end}`);

/** Returns one of the shop's texts as markup. Parts that `isolate` has enclosed are put in a `<bdi>`. */
export const sentence = (text: string): Html =>
  html`${text.split(isolated).map((part, index) => (index % 2 === 0 ? part : bdi(part)))}`;

/** Returns text of several lines as markup with line breaks. Each line is a {@link sentence}. */
export const multiline = (text: string): Html =>
  html`${text.split('\n').map((line, index) => (index === 0 ? sentence(line) : html`<br>${sentence(line)}`))}`;

function print(value: Fragment): string {
  if (value === null) return '';
  if (typeof value === 'object') return 'markup' in value ? value.markup : value.map(print).join('');
  return String(value).replace(/[&<>"']/g, (character) => entities[character] as string);
}
