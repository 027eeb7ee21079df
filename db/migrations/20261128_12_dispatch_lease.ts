import type { Knex } from 'knex';

/**
 * Which process dispatches webhooks, and until when, unless it extends the lease: a lock would last as long as a process that is
 * frozen.
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
