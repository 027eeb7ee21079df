import type { Database } from './connection.ts';

/**
 * Checks that Postgres accepts writes, but writes no data. A standby accepts connections, but no writes.
 *
 * @throws if Postgres is read-only or unavailable
 */
export async function checkWritable(database: Database): Promise<void> {
  await database.raw('UPDATE webhook_cursor SET position = position WHERE false');
}
