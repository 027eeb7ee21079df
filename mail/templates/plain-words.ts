// What a person typed may hold control characters, and marks that turn the reading direction of what stands after them.
const invisible = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu;

/** What a person typed, fit for a header or a sentence: on one line, no control characters, no blanks around it. */
export const oneLine = (typed: string): string => typed.replace(invisible, ' ').replace(/ +/g, ' ').trim();

/** What a person typed over several lines, its line breaks kept as `\n`, at most one empty line in a row. */
export const severalLines = (typed: string): string =>
  typed
    .split(/\r\n|[\n\r\u2028\u2029]/)
    .map(oneLine)
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
