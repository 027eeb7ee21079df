import { cut, toOneLine } from '../domain/text.ts';

/** What an error says, in one line of at most 300 characters, without the statement that knex puts before those of Postgres. */
export function errorSummary(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const reason = (error as { severity?: string })?.severity ? String(message.split(' - ').at(-1)) : message;
  return cut(toOneLine(reason), 300);
}
