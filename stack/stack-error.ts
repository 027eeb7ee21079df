import { sentenceFor } from '../config/run-command.ts';

/** A problem of this machine. The message tells the user what is wrong and how to fix it. */
export class StackError extends Error {
  override name = 'StackError';
}

/** Returns a sentence for an error that the user can fix, `undefined` for other errors. */
export const sentenceOf = (error: unknown): string | undefined =>
  error instanceof StackError ? error.message : sentenceFor(error);
