import type { Database } from './connection.ts';

/**
 * Checks that Postgres accepts writes, without writing data. A connection is no proof, because a standby accepts connections, too.
 *
 * @throws if Postgres is read-only or unavailable
 */
export async function checkWritable(database: Database): Promise<void> {
  await database.raw('UPDATE webhook_cursor SET position = position WHERE false');
}
