import knex, { type Knex } from 'knex';
import pg from 'pg';
import { createPostgresClient } from './postgres-client.ts';

/** A pool of connections to Postgres, or a transaction on one of them. Repositories work with both. */
export type Database = Knex;

/** The deadline for connecting to Postgres and for each statement, in ms. */
const DEADLINE_MS = 5_000;

/**
 * How long a transaction may be idle, in ms. Postgres then ends it, because its process may be frozen or unreachable. The limit is
 * shorter than {@link DEADLINE_MS}, so that statements that wait for the transaction's locks still succeed.
 */
const IDLE_IN_TRANSACTION_MS = 3_000;

/** TCP keep-alive: how long a connection is idle before the peer is probed, in ms. */
const KEEP_ALIVE_MS = 10_000;

/** TCP settings of Postgres. It sends three keep-alive probes, 5 s apart. Sent data must be acknowledged within 15 s. */
const SERVER_OPTIONS = [
  `-c tcp_keepalives_idle=${KEEP_ALIVE_MS / 1_000}`,
  '-c tcp_keepalives_interval=5',
  '-c tcp_keepalives_count=3',
  '-c tcp_user_timeout=15000',
].join(' ');

/** The start of a knex warning. The warning is not logged, because knex also throws the error. */
const THROWN_AS_WELL = 'Acquire connection error: ';

// node-postgres returns bigint as text by default. Numbers are exact here, because money and positions stay far below 2^53.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

export interface ConnectOptions {
  /** The size of the pool. */
  max?: number;
  /** `application_name` in `pg_stat_activity`. */
  name?: string;
  /** The deadline of one query, in ms. */
  queryDeadline?: number;
  /** How long a transaction may be idle before Postgres ends it, in ms; 0: no limit. */
  idleInTransaction?: number;
  /** The log of knex; the console by default. */
  log?: Record<'debug' | 'warn' | 'error', (message: string) => void>;
}

/**
 * Creates a pool. It connects at the first query.
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
