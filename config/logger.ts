import pino, { type DestinationStream, type Logger } from 'pino';
import { escapeLineBreaks } from '../domain/text.ts';

export type { Logger };

/** Patterns of secrets, which are removed from every line: from paths, error messages and stacks. */
const secrets: [RegExp, string][] = [
  [
    /"(authorization|cookie|set-cookie|password\w*|\w*_token|client_secret|ticket)":(?:"(?:[^"\\]|\\.)*"|\[(?:"(?:[^"\\]|\\.)*"|[^"[\]])*\])/gi,
    '"$1":"[redacted]"',
  ],
  [/\b(\w*token|ticket|code|password|client_secret|code_verifier)=[^&\s"'\\]+/gi, '$1=[redacted]'],
  [/(Bearer|Basic) +[\w.~+/=-]+/gi, '$1 [redacted]'],
  // Matches a JWT, but only at the start of a word: otherwise a long word would be scanned once for each `eyJ` in it.
  [/(?:(?<![\w-])|(?<=\\[nrtbf]|%[\da-fA-F]{2}))eyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[redacted]'],
];

/**
 * Matches words, which may contain an email address. Matches JSON escapes separately, so that they stay intact and the line stays
 * JSON.
 */
const word = /\\(?:u[\da-fA-F]{4}|.)|[\p{L}\d_.!#$&'*+^`{|}~%@-]+/gu;
const toEmailAddress = /^.+(?:@|%40)(?:[\p{L}\d-]+\.)+\p{L}{2,24}/u;

/** The fields in which errors of Postgres and Redis quote their input, such as a row's values. */
const quoting = ['*.detail', '*.where', '*.command'];

/** Returns a log line without secrets and email addresses. */
function redact(line: string): string {
  const text = secrets.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), line);
  // The search for addresses is the most expensive part, so lines without an @ skip it.
  return /@|%40/.test(text) ? text.replace(word, (found) => found.replace(toEmailAddress, '[email]')) : text;
}

/** How long lines are buffered at most, in ms. */
const BATCH_MS = 50;

/**
 * A write costs half as much as a small request, so lines are buffered. The buffer is flushed when the process ends. It is small,
 * because every new line makes the destination measure all of the buffer.
 */
const inBatches = () => pino.destination({ sync: false, minLength: 2_048, periodicFlush: BATCH_MS });

/**
 * Returns the logger of a process: one JSON object a line, without secrets.
 *
 * @param destination default: standard output
 */
export function createLogger(name: string, level: string, destination?: DestinationStream): Logger {
  const options = {
    name,
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: quoting, censor: '[redacted]' },
    hooks: { streamWrite: (line: string) => escapeLineBreaks(redact(line)) },
  };
  return pino(options, destination ?? inBatches());
}
