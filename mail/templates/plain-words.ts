import { isolate } from '../../domain/text.ts';

/** Cleans typed text of several lines. Line breaks become `\n`, with at most one empty line in a row. Each line is isolated. */
export const severalLines = (typed: string): string =>
  typed
    .split(/\r\n|[\n\r\u2028\u2029]/)
    .map(isolate)
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
