import type { Knex } from 'knex';

/**
 * Adds the lease on dispatching webhooks: the process that has the lease, and when the lease ends unless renewed. It is not a
 * lock, because a frozen process would keep a lock.
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
