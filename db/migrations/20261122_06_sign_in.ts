import type { Knex } from 'knex';

/** Adds the keys of the sign-in page's cookies, the service clients, and the times of key rotation. */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.alterTable('signing_keys', (table) => {
    table.timestamp('activated_at').comment('signs since then; null: published, to sign next');
    table.timestamp('retired_at').comment('only verifies since then');
  });
  await knex.raw(`
    UPDATE signing_keys SET activated_at = created_at,
      retired_at = CASE WHEN kid = (SELECT kid FROM signing_keys ORDER BY created_at DESC, kid LIMIT 1) THEN NULL ELSE now() END
  `);
  await knex.schema.createTable('cookie_keys', (table) => {
    table.text('secret').primary();
    table.timestamp('created_at').notNullable().defaultTo(knex.fn.now());
  });
  await knex.schema.createTable('services', (table) => {
    table.uuid('id').primary().comment('the client id');
    table.text('name').notNullable().unique();
    table.specificType('scopes', 'text[]').notNullable();
    table.text('secret_hash').notNullable().comment('SHA-256 of a secret of 256 random bits');
    table.timestamp('created_at').notNullable().defaultTo(knex.fn.now());
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('services');
  await knex.schema.dropTable('cookie_keys');
  await knex.schema.alterTable('signing_keys', (table) => {
    table.dropColumns('activated_at', 'retired_at');
  });
}
