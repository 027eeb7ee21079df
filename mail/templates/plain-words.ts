import { isolate } from '../../domain/text.ts';

/** What a person typed over several lines, its line breaks kept as `\n`, at most one empty line in a row; each line is isolated. */
export const severalLines = (typed: string): string =>
  typed
    .split(/\r\n|[\n\r\u2028\u2029]/)
    .map(isolate)
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
