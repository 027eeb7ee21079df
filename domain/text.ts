// Patterns stand in the OpenAPI document, where JSON Schema knows no `\p{Cc}`; no pattern can test for well-formed Unicode.
const control = String.raw`\u0000-\u001f\u007f-\u009f`;
const lineSeparator = String.raw`\u2028\u2029`;
// Blanks, format characters, fillers and private use, as far as a pattern without Unicode properties can name them.
const invisible = String.raw`\u0020\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u202a-\u202f\u205f-\u206f\u2800\u3000\u3164\ue000-\uf8ff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb`;
const inText = String.raw`[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]`;

/** A single line that shows something, as far as a pattern can tell: {@link isOneLine} is the rule. */
export const ONE_LINE = new RegExp(
  `^[${invisible}]*[^${invisible}${control}${lineSeparator}][^${control}${lineSeparator}]*$`,
);

/** Any number of lines: the control characters in them are line breaks and tabs. */
export const FREE_TEXT = new RegExp(`^${inText}*$`);

/** An id as the API writes them (RFC 9562). */
export const UUID = /^[\da-f]{8}-[\da-f]{4}-[1-8][\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

/** Longest name of a product, a variation or a person, in Unicode code points. */
export const MAX_NAME_LENGTH = 100;

/** The length of a text in Unicode code points, as JSON Schema counts: every limit of a text is in these. */
export function lengthOf(text: string): number {
  let length = 0;
  for (const _ of text) length += 1;
  return length;
}

/** Whether a value is a text of this form, and no longer. @param max in Unicode code points */
export const isText = (value: unknown, form: RegExp, max: number): value is string =>
  // A code point takes at most two code units: the length of a far longer text need not be counted.
  typeof value === 'string' &&
  value.length <= 2 * max &&
  lengthOf(value) <= max &&
  value.isWellFormed() &&
  form.test(value);

// The Hangul fillers are default ignorable. A braille cell without dots (U+2800) is a blank, although Unicode calls it a symbol.
const visible = /[^\p{White_Space}\p{C}\p{M}\p{Default_Ignorable_Code_Point}\u2800]/u;

/**
 * Whether a text has at least one visible character: no blank, control, format, unassigned or private character, and no mark
 * without a letter.
 */
export const isVisible = (text: string): boolean => visible.test(text);

/**
 * Whether a value is a single line with at least one visible character: no line breaks, line separators or other control
 * characters. @param max in Unicode code points
 */
export const isOneLine = (value: unknown, max: number): value is string =>
  isText(value, ONE_LINE, max) && isVisible(value);

/** A text on one line: each run of control characters, line separators and blanks is one blank. */
export const toOneLine = (text: string): string =>
  text
    .replaceAll(/[\p{Cc}\u2028\u2029]/gu, ' ')
    .replaceAll(/ {2,}/g, ' ')
    .trim();

/**
 * A typed text on one line for a header or a table; empty if nothing of it is visible. Controls of the reading direction are
 * dropped, as an unbalanced one would turn the text behind it. They are not refused at the entry, because copied text may hold
 * them. Operators and older rows bring them, too.
 */
export function toPlainLine(typed: string): string {
  const line = toOneLine(typed.replaceAll(/[\u202a-\u202e\u2066-\u2069]/g, ''));
  return isVisible(line) ? line : '';
}

/** First strong isolate, and pop directional isolate (UAX #9). */
export const ISOLATE = { start: '\u2068', end: '\u2069' } as const;

// The blocks whose unassigned characters count as right to left (Unicode, DerivedBidiClass.txt), and the right-to-left mark.
const rightToLeft = /[\u0590-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufefe\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/**
 * A typed text for a sentence or a list of the shop's own: as {@link toPlainLine}, and isolated, so that right-to-left text does
 * not swap the numbers and names beside it. Text without right-to-left characters needs no isolates and gets none.
 */
export function isolate(typed: string): string {
  const line = toPlainLine(typed);
  return rightToLeft.test(line) ? `${ISOLATE.start}${line}${ISOLATE.end}` : line;
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/**
 * The beginning of a text, and … where it goes on. Cuts between what people see as characters (graphemes), and closes the
 * isolates that it cuts through.
 *
 * @param max the most that the result may take
 * @param sizeOf what a part of the text takes: by default its Unicode code points
 */
export function cut(text: string, max: number, sizeOf: (part: string) => number = lengthOf): string {
  if (sizeOf(text) <= max) return text;
  let room = max - sizeOf(text.includes(ISOLATE.start) ? `…${ISOLATE.end}` : '…');
  let kept = '';
  for (const { segment } of graphemes.segment(text)) {
    room -= sizeOf(segment);
    if (room < 0) break;
    kept += segment;
  }
  const isOpen = kept.lastIndexOf(ISOLATE.start) > kept.lastIndexOf(ISOLATE.end);
  return `${kept}…${isOpen ? ISOLATE.end : ''}`;
}

/** Escapes, in JSON, what JSON allows and some line readers take for the end of a line. */
export const escapeLineBreaks = (json: string): string =>
  json.replaceAll(
    /[\u0085\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** Returns a value as JSON on one line, for what people read by lines: events, and files that they keep. */
export const toJsonLine = (value: unknown): string => escapeLineBreaks(JSON.stringify(value));
