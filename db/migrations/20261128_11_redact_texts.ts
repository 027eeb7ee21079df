import type { Knex } from 'knex';

/** A NUL in JSON text, and what takes its place. */
const [NUL, REPLACEMENT] = [String.raw`(?<!\\)((?:\\\\)*)\\u0000`, String.raw`\1\\ufffd`];

const JSON_COLUMNS = [
  ['order_events', 'event'],
  ['order_events', 'snapshot'],
  ['orders', 'snapshot'],
  ['order_rejections', 'rejection'],
] as const;

/** No statement's locks outlast it: processes of the version before go on working. */
export const config = { transaction: false };

/**
 * Takes texts out that should not be there. Mail servers' answers named addresses and people; today's texts are codes alone.
 * Operators could send NUL until now, and Postgres does not look into JSON that has one.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    UPDATE deliveries SET detail = NULL WHERE channel = 'email' AND outcome IN ('retrying', 'refused', 'given_up');
    UPDATE delivery_attempts SET detail = NULL WHERE outcome IN ('retrying', 'refused')`);
  for (const [table, column] of JSON_COLUMNS) {
    await knex.raw(
      `UPDATE ${table} SET ${column} = regexp_replace(${column}::text, :nul, :replacement, 'g')::json
       WHERE ${column}::text ~ :nul`,
      { nul: NUL, replacement: REPLACEMENT },
    );
  }
}

/** What was taken out stays out. */
export async function down(): Promise<void> {}
