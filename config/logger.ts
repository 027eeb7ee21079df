import pino, { type Logger } from 'pino';

export type { Logger };

/** The process's log: one JSON object a line, on standard output. Secrets that reach it by mistake are cut out. */
export function createLogger(name: string, level: string): Logger {
  return pino({
    name,
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: ['*.password', '*.authorization', '*.access_token', '*.refresh_token'], censor: '[redacted]' },
  });
}
