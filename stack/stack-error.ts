import { sentenceFor } from '../config/run-command.ts';

/** Something on this machine stands in the way. The message is a sentence for the person who can mend it. */
export class StackError extends Error {
  override name = 'StackError';
}

/** One sentence for an error that whoever runs a command can mend; `undefined` for any other. */
export const sentenceOf = (error: unknown): string | undefined =>
  error instanceof StackError ? error.message : sentenceFor(error);
