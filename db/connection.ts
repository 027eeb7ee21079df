import knex, { type Knex } from 'knex';
import pg from 'pg';

/** A pool of connections to Postgres, or a transaction on one of them: repositories take either. */
export type Database = Knex;

/** How long anything waits for Postgres before the request or activity is told that it is unavailable, in ms. */
const DEADLINE_MS = 5_000;

// bigint arrives as text by default; every bigint of ours (money, positions) stays far below 2^53.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

export interface ConnectOptions {
  /** Most connections at once. */
  max?: number;
  /** As Postgres shows it in `pg_stat_activity`. */
  name?: string;
  /** How long one query may take, in ms. */
  queryDeadline?: number;
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
  { max = 10, name = 'crema', queryDeadline = DEADLINE_MS, log }: ConnectOptions = {},
): Database {
  return knex({
    client: 'pg',
    ...(log && {
      log: {
        debug: (message) => log.debug(String(message)),
        warn: (message) => log.warn(String(message)),
        error: (message) => log.error(String(message)),
        deprecate: (method, alternative) => log.warn(`${method} is deprecated, use ${alternative}`),
      },
    }),
    connection: {
      connectionString: url,
      application_name: name,
      connectionTimeoutMillis: DEADLINE_MS,
      query_timeout: queryDeadline,
      statement_timeout: queryDeadline,
    } as Knex.PgConnectionConfig,
    pool: { min: 0, max },
    acquireConnectionTimeout: DEADLINE_MS,
  });
}
