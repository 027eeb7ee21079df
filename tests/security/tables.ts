import type { Shop } from '../shop.ts';

/**
 * A fingerprint of each table, to see that nothing has changed. Not of those that go on by themselves: what was mailed or sent
 * to webhooks, and what signs people in, which is swept now and then.
 */
export async function fingerprints({ database }: Shop): Promise<Record<string, string>> {
  const tables: string[] = await database('pg_tables')
    .where({ schemaname: 'public' })
    .whereNotIn('tablename', [
      'deliveries',
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
