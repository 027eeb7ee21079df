import pino, { type DestinationStream, type Logger } from 'pino';
import { escapeLineBreaks } from '../domain/text.ts';

export type { Logger };

/** What nobody who reads a log is to learn, wherever in a line it stands: in a path, an error's message or its stack. */
const secrets: [RegExp, string][] = [
  [
    /"(authorization|cookie|set-cookie|password\w*|\w*_token|client_secret|ticket)":(?:"(?:[^"\\]|\\.)*"|\[(?:"(?:[^"\\]|\\.)*"|[^"[\]])*\])/gi,
    '"$1":"[redacted]"',
  ],
  [/\b(\w*token|ticket|code|password|client_secret|code_verifier)=[^&\s"'\\]+/gi, '$1=[redacted]'],
  [/(Bearer|Basic) +[\w.~+/=-]+/gi, '$1 [redacted]'],
  // Not from the middle of a word on: of a long one, each `eyJ` would be tried to the end. Escapes are no part of a word.
  [/(?:(?<![\w-])|(?<=\\[nrtbf]|%[\da-fA-F]{2}))eyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[redacted]'],
];

/** A word that could be an email address, or an escape of JSON, which is passed over: the line must stay JSON. */
const word = /\\(?:u[\da-fA-F]{4}|.)|[\p{L}\d_.!#$&'*+^`{|}~%@-]+/gu;
const toEmailAddress = /^.+(?:@|%40)(?:[\p{L}\d-]+\.)+\p{L}{2,24}/u;

/** Where errors of Postgres and Redis quote what they were given: a row's values, a message. */
const quoting = ['*.detail', '*.where', '*.command'];

/** A line of the log without secrets and email addresses. */
function redact(line: string): string {
  const text = secrets.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), line);
  // To look for an address costs more than all the rest.
  return /@|%40/.test(text) ? text.replace(word, (found) => found.replace(toEmailAddress, '[email]')) : text;
}

/** Longest that a line waits for others to be written with it, in ms. */
const BATCH_MS = 50;

/** Each write costs as much as half a small request, and waits for whoever reads. An end of the process writes what is left. */
const inBatches = () => pino.destination({ sync: false, minLength: 8_192, periodicFlush: BATCH_MS });

/**
 * The process's log: one JSON object a line. Secrets that reach it by mistake are cut out.
 *
 * @param destination where to instead of standard output
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
