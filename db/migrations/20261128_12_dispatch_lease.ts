import type { Knex } from 'knex';

/**
 * Adds the lease on dispatching webhooks: the process that has it, and when it ends unless renewed. A frozen process would keep a
 * lock, but loses a lease.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.alterTable('webhook_cursor', (table) => {
    table.text('leased_to');
    table.timestamp('leased_until');
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.alterTable('webhook_cursor', (table) => table.dropColumns('leased_to', 'leased_until'));
}
