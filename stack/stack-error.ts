/** Something on this machine stands in the way. The message is a sentence for the person who can mend it. */
export class StackError extends Error {
  override name = 'StackError';
}
