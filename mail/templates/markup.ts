import { ISOLATE } from '../../domain/text.ts';

/** Markup that may be put into a mail as it is: only {@link html} makes it, so whatever is in it has been escaped. */
export interface Html {
  readonly markup: string;
}

type Fragment = Html | string | number | null | readonly Fragment[];

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/**
 * A template of HTML: every value is escaped, for text and for quoted attributes; other `html` goes in as it is, a list
 * item by item, `null` as nothing.
 */
export function html(strings: TemplateStringsArray, ...values: Fragment[]): Html {
  return { markup: strings.reduce((before, after, index) => before + print(values[index - 1] ?? null) + after) };
}

/** Typed text in an element: its direction of writing does not turn the words around it. */
export const bdi = (typed: string): Html => html`<bdi>${typed}</bdi>`;

// Split by it, every second part is an isolated one.
const isolated = new RegExp(`${ISOLATE.start}([^${ISOLATE.start}${ISOLATE.end}]*)${ISOLATE.end}`);

/** A text of ours in an element: the parts that `isolate` has isolated stand in a `<bdi>`. Attributes and titles take it as it is. */
export const sentence = (text: string): Html =>
  html`${text.split(isolated).map((part, index) => (index % 2 === 0 ? part : bdi(part)))}`;

/** Text of several lines, its line breaks kept; each is a {@link sentence}. */
export const multiline = (text: string): Html =>
  html`${text.split('\n').map((line, index) => (index === 0 ? sentence(line) : html`<br>${sentence(line)}`))}`;

function print(value: Fragment): string {
  if (value === null) return '';
  if (typeof value === 'object') return 'markup' in value ? value.markup : value.map(print).join('');
  return String(value).replace(/[&<>"']/g, (character) => entities[character] as string);
}
