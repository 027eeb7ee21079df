import { types } from 'node:util';

/**
 * What an error of Postgres says about its statement, which is not wrong itself:
 *
 * - `unavailable`: Postgres cannot be reached, or cannot do any work now.
 * - `read_only`: this server takes no changes now, such as a standby, or a primary that was demoted.
 * - `conflict`: another transaction was in the way; the same transaction can succeed at once.
 */
type Outage = 'unavailable' | 'read_only' | 'conflict';

/** By SQLSTATE, or by its first two characters, the class (Postgres, appendix A). The whole code decides where both are here. */
const OUTAGES = new Map<string, Outage>([
  ['08', 'unavailable'], // connection exception; also PgBouncer's own errors
  ['25006', 'read_only'], // read-only transaction
  ['25P03', 'unavailable'], // ended because its process did nothing
  ['25P04', 'unavailable'], // transaction timeout
  ['26000', 'conflict'], // prepared statement is not there, because of a pooler
  ['28', 'unavailable'], // login refused: the password was changed, pg_hba.conf was edited
  ['3D', 'unavailable'], // no such database: it is being restored
  ['40', 'conflict'], // serialization failure, deadlock
  ['40002', 'unavailable'], // a deferred constraint failed: the same again would fail again
  ['40003', 'unavailable'], // whether the statement was completed is unknown
  ['42P05', 'conflict'], // prepared statement is there already, because of a pooler
  ['53', 'unavailable'], // disk full, out of memory, too many connections
  ['55006', 'unavailable'], // object in use
  ['55P03', 'unavailable'], // lock not available
  ['57', 'unavailable'], // shutdown, crash, start-up, cancelled by an operator or a timeout
  ['58', 'unavailable'], // I/O error, missing file
  ['XX', 'unavailable'], // internal error, corrupted data: the API logs it as an error, as every 503
]);

/** Severities with which Postgres refuses a session or ends it, whatever the code says. */
const SESSION_ENDED = new Set(['FATAL', 'PANIC']);

/** Of node-postgres, which gives these no code. */
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

/** Of Node and OpenSSL, of a server whose certificate or TLS is not accepted: it expired, say. */
const TLS = /^(EPROTO|ERR_(TLS|SSL)_\w+|CERT_\w+|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+)$/;

function outageIn(error: unknown): Outage | undefined {
  // Not instanceof: Jest runs us in a realm of our own, where Node's own errors are no Errors.
  if (!types.isNativeError(error)) return undefined;
  const { name, message, code, severity, syscall } = error as PostgresError;
  // With a code it comes from Postgres, and its message has what people have typed.
  if (typeof code !== 'string')
    return name === 'KnexTimeoutError' || MESSAGES.test(message) ? 'unavailable' : undefined;
  // A socket file that is missing is ENOENT, as any other file.
  if (NETWORK.test(code) || TLS.test(code) || syscall === 'connect') return 'unavailable';
  if (isPlanOutdated(error)) return 'conflict';
  if (isStandbyLock(error)) return 'read_only';
  const known = code.length === 5 ? (OUTAGES.get(code) ?? OUTAGES.get(code.slice(0, 2))) : undefined;
  return known ?? (SESSION_ENDED.has(String(severity)) ? 'unavailable' : undefined);
}

/** Whether an error says that Postgres cannot do the work now, rather than that the work is wrong. */
export const isOutage = (error: unknown): boolean => outageIn(error) !== undefined;

/** Whether another server may have to do this work: the one that answered takes no changes. */
export const isReadOnly = (error: unknown): boolean => outageIn(error) === 'read_only';

/** Whether the same transaction, from its start, is worth another try at once. */
export const isConflict = (error: unknown): boolean => outageIn(error) === 'conflict';

/** Whether a connection is of no more use: its session has ended, or an answer that was given up may still come. */
export const isConnectionSpent = (error: unknown): boolean =>
  types.isNativeError(error) &&
  (error.message === 'Query read timeout' || SESSION_ENDED.has(String((error as PostgresError).severity)));

/** Whether a prepared statement is missing or there already: a pooler passes each transaction to another session. */
export const isStatementMisplaced = (error: unknown): boolean =>
  ['26000', '42P05'].includes(String((error as PostgresError).code));

/** Whether a migration has changed what a prepared statement returns. */
export const isPlanOutdated = (error: unknown): boolean =>
  (error as PostgresError).code === '0A000' && (error as PostgresError).routine === 'RevalidateCachedQuery';

/** Whether a standby refuses to lock a table. Most others with this code, of which there are many, are faults of the statement. */
const isStandbyLock = (error: unknown): boolean =>
  (error as PostgresError).code === '55000' && (error as PostgresError).routine === 'LockAcquireExtended';
