import pino, { type Logger } from 'pino';

export type { Logger };

/** Where errors of Postgres and Redis quote what they were given: a row's values, a message. */
const quoting = ['*.detail', '*.where', '*.command'];

/** The process's log: one JSON object a line, on standard output. Secrets that reach it by mistake are cut out. */
export function createLogger(name: string, level: string): Logger {
  return pino({
    name,
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: ['*.password', '*.authorization', '*.access_token', '*.refresh_token', ...quoting],
      censor: '[redacted]',
    },
  });
}
