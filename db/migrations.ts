import { fileURLToPath } from 'node:url';
import { connect, type Database } from './connection.ts';

const settings = {
  directory: fileURLToPath(new URL('./migrations', import.meta.url)),
  loadExtensions: ['.ts'],
};

/** A migration may have to rewrite a table, or to wait for another process that migrates, in ms. */
const DEADLINE_MS = 30 * 60_000;

/** Opens a database for migrations, which may also compute for long between two statements. */
export const connectToMigrate = (url: string): Database =>
  connect(url, { max: 1, name: 'crema-migrate', queryDeadline: DEADLINE_MS, idleInTransaction: DEADLINE_MS });

/** Returns one sentence if the database cannot compare names, which needs Unicode. */
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
 * Returns what identifies a shop's database for ever, also after a dump is restored elsewhere: when its schema was first made,
 * RFC 3339. Returns undefined if the database was never migrated.
 */
export async function databaseId(database: Database): Promise<string | undefined> {
  if (!(await database.schema.hasTable('knex_migrations'))) return undefined;
  const first = await database('knex_migrations').min({ at: 'migration_time' }).first();
  return first?.at?.toISOString();
}

/**
 * Brings the schema to today's; a second process that tries waits. All in one transaction, or, if a file says that it wants none
 * (`config`), each in one of its own. Returns the names of what was done.
 */
export async function migrate(database: Database): Promise<string[]> {
  const [, done] = await database.migrate.latest(settings);
  return done;
}
