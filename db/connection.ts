import knex, { type Knex } from 'knex';
import pg from 'pg';
import { createPostgresClient } from './postgres-client.ts';

/** A pool of connections to Postgres, or a transaction on one of them: repositories take either. */
export type Database = Knex;

/** How long anything waits for Postgres before the request or activity is told that it is unavailable, in ms. */
const DEADLINE_MS = 5_000;

/**
 * How long a transaction may do nothing before Postgres ends it, in ms. Then its process is frozen or cut off, and its locks
 * hold up others: shorter than {@link DEADLINE_MS}, so that they still get their turn.
 */
const IDLE_IN_TRANSACTION_MS = 3_000;

/** When a connection is idle for this long, in ms, either side asks whether the other is still there. */
const KEEP_ALIVE_MS = 10_000;

/** What Postgres does on its side: asks thrice, 5 s apart, and waits 15 s for what it has sent to arrive. */
const SERVER_OPTIONS = [
  `-c tcp_keepalives_idle=${KEEP_ALIVE_MS / 1_000}`,
  '-c tcp_keepalives_interval=5',
  '-c tcp_keepalives_count=3',
  '-c tcp_user_timeout=15000',
].join(' ');

/** How knex begins a warning about an error that it also throws. */
const THROWN_AS_WELL = 'Acquire connection error: ';

// bigint arrives as text by default; every bigint of ours (money, positions) stays far below 2^53.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

/** Runs a statement that many requests need under a name of its own, so that Postgres plans it once a connection. */
export const named = <Result>(name: string, statement: Knex.ChainableInterface<Result>): Promise<Result> =>
  Promise.resolve(statement.options({ name }));

export interface ConnectOptions {
  /** Most connections at once. */
  max?: number;
  /** As Postgres shows it in `pg_stat_activity`. */
  name?: string;
  /** How long one query may take, in ms. */
  queryDeadline?: number;
  /** How long a transaction may do nothing before Postgres ends it, in ms; 0: for ever. */
  idleInTransaction?: number;
  /** Takes what knex has to say; by default it goes to the console. */
  log?: Record<'debug' | 'warn' | 'error', (message: string) => void>;
}

/**
 * Opens a pool. Nothing is sent before the first query.
 *
 * @param url `postgres://user:password@host:port/database`
 */
export function connect(
  url: string,
  {
    max = 10,
    name = 'crema',
    queryDeadline = DEADLINE_MS,
    idleInTransaction = IDLE_IN_TRANSACTION_MS,
    log = console,
  }: ConnectOptions = {},
): Database {
  return knex({
    client: createPostgresClient({ statement: queryDeadline, idleInTransaction }),
    log: {
      debug: (message) => log.debug(String(message)),
      warn: (message) => String(message).startsWith(THROWN_AS_WELL) || log.warn(String(message)),
      error: (message) => log.error(String(message)),
      deprecate: (method, alternative) => log.warn(`${method} is deprecated, use ${alternative}`),
    },
    connection: {
      connectionString: url,
      application_name: name,
      connectionTimeoutMillis: DEADLINE_MS,
      query_timeout: queryDeadline,
      statement_timeout: queryDeadline,
      idle_in_transaction_session_timeout: idleInTransaction,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
      options: SERVER_OPTIONS,
    } as Knex.PgConnectionConfig,
    pool: { min: 0, max },
    acquireConnectionTimeout: DEADLINE_MS,
  });
}
