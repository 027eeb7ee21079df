import { types } from 'node:util';

/** Of node-postgres, which gives these no code. */
const MESSAGES =
  /connection terminated|timeout exceeded when trying to connect|timeout expired|query read timeout|not queryable/i;

const NETWORK = /^E(CONN(REFUSED|RESET|ABORTED)|TIMEDOUT|PIPE|HOSTUNREACH|NETUNREACH|NOTFOUND|AI_AGAIN)$/;

/**
 * SQLSTATE classes: connection, insufficient resources, and an operator's or a time-out's intervention; and a transaction
 * that was ended because its process did nothing.
 */
const SQLSTATE = /^(?:(?:08|53|57)[0-9A-Z]{3}|25P03)$/;

/** Whether an error says that Postgres cannot be reached or does not answer, rather than that a query is wrong. */
export function isOutage(error: unknown): boolean {
  // Not instanceof: Jest runs us in a realm of our own, where Node's own errors are no Errors.
  if (!types.isNativeError(error)) return false;
  if (error.name === 'KnexTimeoutError' || MESSAGES.test(error.message)) return true;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && (NETWORK.test(code) || SQLSTATE.test(code));
}
