import { fileURLToPath } from 'node:url';
import type { Database } from './connection.ts';

const settings = {
  directory: fileURLToPath(new URL('./migrations', import.meta.url)),
  loadExtensions: ['.ts'],
};

/**
 * Returns when the schema was first made, RFC 3339: it identifies a shop's database for ever, also after a dump is restored
 * elsewhere. Returns undefined if the database was never migrated.
 */
export async function createdAt(database: Database): Promise<string | undefined> {
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
