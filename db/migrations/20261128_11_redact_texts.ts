import type { Knex } from 'knex';

/** A pattern for an escaped NUL in JSON, and its replacement, an escaped U+FFFD. */
const [NUL, REPLACEMENT] = [String.raw`(?<!\\)((?:\\\\)*)\\u0000`, String.raw`\1\\ufffd`];

const JSON_COLUMNS = [
  ['order_events', 'event'],
  ['order_events', 'snapshot'],
  ['orders', 'snapshot'],
  ['order_rejections', 'rejection'],
] as const;

/** Each statement commits on its own, so that its locks are short and processes of the previous version continue to work. */
export const config = { transaction: false };

/**
 * Removes texts that must not be stored. The stored responses of mail servers could contain addresses and names; from now on, only
 * their codes are stored. Texts from operators could contain NUL until now, and Postgres cannot process JSON with NUL.
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

/** The removed texts cannot be restored. */
export async function down(): Promise<void> {}
