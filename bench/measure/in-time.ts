import { StackError } from '../../stack/stack-error.ts';

/** How long anything that the bench waits for may take, in ms. */
const DEADLINE_MS = 30_000;

/**
 * A promise's outcome, if it comes in time.
 *
 * @param what the subject of the sentence that is thrown at the deadline
 * @throws {StackError} at the deadline
 */
export async function inTime<Value>(what: string, promise: Promise<Value>, deadline = DEADLINE_MS): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new StackError(`${what} took over ${deadline / 1_000} s.`)), deadline);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
