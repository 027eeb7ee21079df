import type { Shop } from '../shop.ts';

/**
 * Returns a hash of each table, to check that nothing has changed. Excludes tables that change without a request: emails,
 * webhook deliveries, and sessions, which a job deletes periodically.
 */
export async function fingerprints({ database }: Shop): Promise<Record<string, string>> {
  const tables: string[] = await database('pg_tables')
    .where({ schemaname: 'public' })
    .whereNotIn('tablename', [
      'deliveries',
      'delivery_attempts',
      'oidc_artifacts',
      'webhook_attempts',
      'webhook_cursor',
      'webhook_deliveries',
    ])
    .pluck('tablename');
  const prints = tables.map(async (table) => {
    const whole = "SELECT md5(coalesce(string_agg(each::text, '|' ORDER BY each::text), '')) AS print FROM ?? each";
    return [table, (await database.raw(whole, [table])).rows[0].print] as const;
  });
  return Object.fromEntries(await Promise.all(prints));
}
