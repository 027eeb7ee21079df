import { fileURLToPath } from 'node:url';
import type { Database } from './connection.ts';

const settings = {
  directory: fileURLToPath(new URL('./migrations', import.meta.url)),
  loadExtensions: ['.ts'],
};

/**
 * Brings the schema to today's; a second process that tries waits. All in one transaction, or, if a file says that it wants none
 * (`config`), each in one of its own. Returns the names of what was done.
 */
export async function migrate(database: Database): Promise<string[]> {
  const [, done] = await database.migrate.latest(settings);
  return done;
}
