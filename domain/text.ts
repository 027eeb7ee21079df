// These patterns list characters, because the OpenAPI document contains them, and JSON Schema has no `\p{Cc}`. They do not test
// whether the text is well-formed Unicode, because no pattern can.
const control = String.raw`\u0000-\u001f\u007f-\u009f`;
const lineSeparator = String.raw`\u2028\u2029`;
// Whitespace, format characters, fillers and private use. Without Unicode properties, the list is incomplete.
const invisible = String.raw`\u0020\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u202a-\u202f\u205f-\u206f\u2800\u3000\u3164\ue000-\uf8ff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb`;
const inText = String.raw`[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]`;

/** Matches a single line with a visible character. An approximation for the OpenAPI document; {@link isOneLine} is exact. */
export const ONE_LINE = new RegExp(
  `^[${invisible}]*[^${invisible}${control}${lineSeparator}][^${control}${lineSeparator}]*$`,
);

/** Matches any number of lines without control characters, except line breaks and tabs. */
export const FREE_TEXT = new RegExp(`^${inText}*$`);

/** An id in the API's form (RFC 9562). */
export const UUID = /^[\da-f]{8}-[\da-f]{4}-[1-8][\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

/** The maximum length of the name of a product, a variation or a person, in Unicode code points. */
export const MAX_NAME_LENGTH = 100;

/** Returns the length in Unicode code points, as JSON Schema counts. All limits of texts use this length. */
export function lengthOf(text: string): number {
  let length = 0;
  for (const _ of text) length += 1;
  return length;
}

/** Whether a value is a text that matches a pattern and a maximum length. @param max in Unicode code points */
export const isText = (value: unknown, form: RegExp, max: number): value is string =>
  // A code point has at most two code units, so comparing `length` first saves counting the code points of a very long text.
  typeof value === 'string' &&
  value.length <= 2 * max &&
  lengthOf(value) <= max &&
  value.isWellFormed() &&
  form.test(value);

// Hangul fillers are default ignorable. The empty braille cell (U+2800) is invisible, too, although Unicode calls it a symbol.
const visible = /[^\p{White_Space}\p{C}\p{M}\p{Default_Ignorable_Code_Point}\u2800]/u;

/**
 * Whether a text has at least one visible character. Whitespace, control, format, unassigned and private-use characters, and
 * marks, are not visible.
 */
export const isVisible = (text: string): boolean => visible.test(text);

/**
 * Whether a value is a single line with at least one visible character: no line breaks, line separators or other control
 * characters. @param max in Unicode code points
 */
export const isOneLine = (value: unknown, max: number): value is string =>
  isText(value, ONE_LINE, max) && isVisible(value);

/** Returns a text on one line. Each run of control characters, line separators and spaces becomes one space. */
export const toOneLine = (text: string): string =>
  text
    .replaceAll(/[\p{Cc}\u2028\u2029]/gu, ' ')
    .replaceAll(/ {2,}/g, ' ')
    .trim();

/**
 * Returns typed text on one line, for a header or a table. Returns an empty text if no character is visible. Removes bidirectional
 * controls, because an unbalanced control would reorder the text after it. The API accepts them, because copied text may contain
 * them.
 */
export function toPlainLine(typed: string): string {
  const line = toOneLine(typed.replaceAll(/[\u202a-\u202e\u2066-\u2069]/g, ''));
  return isVisible(line) ? line : '';
}

/** First strong isolate, and pop directional isolate (UAX #9). */
export const ISOLATE = { start: '\u2068', end: '\u2069' } as const;

// The blocks with right-to-left characters (Unicode, DerivedBidiClass.txt), and the right-to-left mark.
const rightToLeft = /[\u0590-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufefe\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/**
 * Returns typed text for the middle of a sentence. Puts it on one line, as {@link toPlainLine} does. Encloses it in isolates if it
 * has right-to-left characters, because these would otherwise reorder the numbers and names beside it.
 */
export function isolate(typed: string): string {
  const line = toPlainLine(typed);
  return rightToLeft.test(line) ? `${ISOLATE.start}${line}${ISOLATE.end}` : line;
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/**
 * Shortens a text to a maximum size, with … at the end. Cuts between graphemes and closes open isolates.
 *
 * @param sizeOf measures a text; default: Unicode code points
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

/** Escapes the characters that JSON allows and some programs read as line breaks. */
export const escapeLineBreaks = (json: string): string =>
  json.replaceAll(
    /[\u0085\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** Returns a value as JSON on one line, also for readers that split on U+0085, U+2028 or U+2029. */
export const toJsonLine = (value: unknown): string => escapeLineBreaks(JSON.stringify(value));
