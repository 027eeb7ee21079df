import type { Database } from './connection.ts';

/**
 * Checks that Postgres takes changes, without making one: a standby answers as well, but can do no work.
 *
 * @throws when it does not, or does not answer
 */
export async function checkWritable(database: Database): Promise<void> {
  await database.raw('UPDATE webhook_cursor SET position = position WHERE false');
}
