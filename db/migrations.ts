import { fileURLToPath } from 'node:url';
import { connect, type Database } from './connection.ts';

const settings = {
  directory: fileURLToPath(new URL('./migrations', import.meta.url)),
  loadExtensions: ['.ts'],
};

/** The deadline of a migration, in ms. A migration may rewrite a table, or wait for another process that migrates. */
const DEADLINE_MS = 30 * 60_000;

/** Connects for migrations, with a long deadline for statements and for idle transactions. */
export const connectToMigrate = (url: string): Database =>
  connect(url, { max: 1, name: 'crema-migrate', queryDeadline: DEADLINE_MS, idleInTransaction: DEADLINE_MS });

/** Returns an error message if the database lacks the Unicode support that comparing names needs. */
export async function faultOf(database: Database): Promise<string | undefined> {
  const { rows } = await database.raw(`
    SELECT pg_encoding_to_char(encoding) AS encoding,
           EXISTS (SELECT FROM pg_collation WHERE collname = 'und-x-icu') AS has_icu
    FROM pg_database WHERE datname = current_database()`);
  const { encoding, has_icu: hasIcu } = rows[0];
  if (encoding !== 'UTF8')
    return `The database is in ${encoding} and must be in UTF8: create another one with TEMPLATE template0 ENCODING 'UTF8'.`;
  return hasIcu ? undefined : 'This Postgres was built without ICU: use one that has it, as the usual packages do.';
}

/**
 * Returns the permanent identifier of a shop's database: the time of its first migration, in RFC 3339. A restored dump has the same
 * identifier. Returns undefined if the database was never migrated.
 */
export async function databaseId(database: Database): Promise<string | undefined> {
  if (!(await database.schema.hasTable('knex_migrations'))) return undefined;
  const first = await database('knex_migrations').min({ at: 'migration_time' }).first();
  return first?.at?.toISOString();
}

/**
 * Runs the pending migrations in one transaction, or each in its own if one of them disables transactions (`config`). Waits while
 * another process migrates. Returns the names of the migrations that ran.
 */
export async function migrate(database: Database): Promise<string[]> {
  const [, done] = await database.migrate.latest(settings);
  return done;
}
