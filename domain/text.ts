// Patterns stand in the OpenAPI document, where JSON Schema knows no `\p{Cc}`; no pattern can test for well-formed Unicode.
const blank = String.raw`[^\S\u0000-\u001f\u007f-\u009f]`;
const visible = String.raw`[^\s\u0000-\u001f\u007f-\u009f]`;
const inLine = String.raw`[^\u0000-\u001f\u007f-\u009f]`;
const inText = String.raw`[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]`;

/** A single line that shows something: no control characters. */
export const ONE_LINE = new RegExp(`^${blank}*${visible}${inLine}*$`);

/** Any number of lines: the control characters in them are line breaks and tabs. */
export const FREE_TEXT = new RegExp(`^${inText}*$`);

/** An id as the API writes them (RFC 9562). */
export const UUID = /^[\da-f]{8}-[\da-f]{4}-[1-8][\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

/** Whether a value is a text of this form, and no longer. @param max in UTF-16 code units */
export const isText = (value: unknown, form: RegExp, max: number): value is string =>
  typeof value === 'string' && value.length <= max && value.isWellFormed() && form.test(value);

/** Longest name of a product or a variation, in UTF-16 code units. */
export const MAX_NAME_LENGTH = 100;
