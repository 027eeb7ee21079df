import { types } from 'node:util';

/**
 * Why Postgres could not run a valid statement:
 *
 * - `unavailable`: Postgres is unreachable or cannot work at the moment.
 * - `read_only`: this server accepts no writes: a standby, or a demoted primary.
 * - `conflict`: another transaction interfered; the same transaction can succeed when retried.
 */
type Outage = 'unavailable' | 'read_only' | 'conflict';

/** Outages by SQLSTATE (Postgres, appendix A), or by its class, which is the first two characters. A whole code takes precedence. */
const OUTAGES = new Map<string, Outage>([
  ['08', 'unavailable'], // connection exception; also PgBouncer's own errors
  ['25006', 'read_only'], // read-only transaction
  ['25P03', 'unavailable'], // idle in transaction timeout
  ['25P04', 'unavailable'], // transaction timeout
  ['26000', 'conflict'], // prepared statement does not exist, because a pooler changed the session
  ['28', 'unavailable'], // login refused, for example because the password was changed or pg_hba.conf was edited
  ['3D', 'unavailable'], // no such database, for example while it is being restored
  ['40', 'conflict'], // serialization failure, deadlock
  ['40002', 'unavailable'], // a deferred constraint failed: a retry would fail again
  ['40003', 'unavailable'], // whether the statement was completed is unknown
  ['42P05', 'conflict'], // prepared statement already exists, because a pooler changed the session
  ['53', 'unavailable'], // disk full, out of memory, too many connections
  ['55006', 'unavailable'], // object in use
  ['55P03', 'unavailable'], // lock not available
  ['57', 'unavailable'], // shutdown, crash, start-up, cancelled by an operator or a timeout
  ['58', 'unavailable'], // I/O error, missing file
  ['XX', 'unavailable'], // internal error, corrupted data; not hidden, because the API logs every 503 as an error
]);

/** Severities with which Postgres rejects or ends a session, whatever the code. */
const SESSION_ENDED = new Set(['FATAL', 'PANIC']);

/** Messages of node-postgres errors, which have no code. */
const MESSAGES =
  /connection terminated|connection ended|timeout exceeded when trying to connect|timeout expired|query read timeout|not queryable|does not support SSL|establishing an SSL connection/i;

const NETWORK =
  /^E(CONN(REFUSED|RESET|ABORTED)|TIMEDOUT|PIPE|HOSTUNREACH|HOSTDOWN|NETUNREACH|NETDOWN|NOTFOUND|AI_AGAIN|ADDRNOTAVAIL|MFILE|NFILE|NOBUFS)$/;

interface PostgresError extends Error {
  code?: unknown;
  severity?: unknown;
  routine?: unknown;
  syscall?: unknown;
}

/** Error codes of Node and OpenSSL for a failed TLS handshake or a rejected certificate. */
const TLS = /^(EPROTO|ERR_(TLS|SSL)_\w+|CERT_\w+|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+)$/;

function outageIn(error: unknown): Outage | undefined {
  // Not `instanceof`, because in Jest's realm, Node's own errors are not instances of Error.
  if (!types.isNativeError(error)) return undefined;
  const { name, message, code, severity, syscall } = error as PostgresError;
  // The message is matched only if there is no code. Errors of Postgres have a code, and their messages may contain user input.
  if (typeof code !== 'string')
    return name === 'KnexTimeoutError' || MESSAGES.test(message) ? 'unavailable' : undefined;
  // The system call tells a missing socket file from other missing files, because both have the code ENOENT.
  if (NETWORK.test(code) || TLS.test(code) || syscall === 'connect') return 'unavailable';
  if (isPlanOutdated(error)) return 'conflict';
  if (isStandbyLock(error)) return 'read_only';
  const known = code.length === 5 ? (OUTAGES.get(code) ?? OUTAGES.get(code.slice(0, 2))) : undefined;
  return known ?? (SESSION_ENDED.has(String(severity)) ? 'unavailable' : undefined);
}

/** Whether Postgres could not run the statement at the moment. If not, the statement itself is faulty. */
export const isOutage = (error: unknown): boolean => outageIn(error) !== undefined;

/** Whether the server accepts no writes. Another server may be able to run the statement. */
export const isReadOnly = (error: unknown): boolean => outageIn(error) === 'read_only';

/** Whether the transaction can be retried at once. */
export const isConflict = (error: unknown): boolean => outageIn(error) === 'conflict';

/** Whether a connection cannot be used again. Its session has ended, or the response to a timed-out query may still arrive. */
export const isConnectionSpent = (error: unknown): boolean =>
  types.isNativeError(error) &&
  (error.message === 'Query read timeout' || SESSION_ENDED.has(String((error as PostgresError).severity)));

/**
 * Whether the error says that a prepared statement is missing or already exists. This happens when a pooler moves the client to
 * another server session.
 */
export const isStatementMisplaced = (error: unknown): boolean =>
  ['26000', '42P05'].includes(String((error as PostgresError).code));

/** Whether a migration has changed the result type of a prepared statement. */
export const isPlanOutdated = (error: unknown): boolean =>
  (error as PostgresError).code === '0A000' && (error as PostgresError).routine === 'RevalidateCachedQuery';

/** Whether a standby refuses to lock a table. Most other errors with this code are faults of the statement. */
const isStandbyLock = (error: unknown): boolean =>
  (error as PostgresError).code === '55000' && (error as PostgresError).routine === 'LockAcquireExtended';
