import { cut, toOneLine } from '../domain/text.ts';

/** Returns the message of an error in one line of at most 300 characters, without the SQL that knex adds. */
export function errorSummary(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const reason = (error as { severity?: string })?.severity ? String(message.split(' - ').at(-1)) : message;
  return cut(toOneLine(reason), 300);
}
