import { byDeadline } from '../../api/http/deadline.ts';
import { StackError } from '../../stack/stack-error.ts';

/** The timeout of every wait of the bench, in ms. */
const TIMEOUT_MS = 30_000;

/**
 * Returns the result of a call.
 *
 * @param what the subject of the error message
 * @throws {StackError} if the call takes longer than the timeout
 */
export async function callWithDeadline<Value>(what: string, call: Promise<Value>): Promise<Value> {
  const result = await byDeadline(
    Date.now() + TIMEOUT_MS,
    call.then((value) => ({ value })),
  );
  if (!result) throw new StackError(`${what} took over ${TIMEOUT_MS / 1_000} s.`);
  return result.value;
}
