import type { Knex } from 'knex';

/** Creates the account requests, such as registrations and password resets, and the emailed links that confirm them. */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.alterTable('users', (table) => {
    table
      .timestamp('verified_at')
      .notNullable()
      .defaultTo(knex.fn.now())
      .comment('when the address was proven to be theirs: before that there is no row');
  });
  await knex.schema.createTable('account_requests', (table) => {
    table.comment('asked for and not confirmed yet; a row goes when its link is used, or when it has expired');
    table.uuid('id').primary();
    table.text('purpose').notNullable().checkIn(['registration', 'invitation', 'reset', 'address']);
    table.text('email').notNullable();
    table.text('name');
    table.text('role').checkIn(['customer', 'manager']);
    table.text('password_hash');
    table.uuid('user_id').references('users.id').onDelete('CASCADE').index();
    table.timestamp('created_at').notNullable().defaultTo(knex.fn.now());
    table.timestamp('expires_at').notNullable().index();
    table.timestamp('mailed_at').comment('null until its mail has left');
  });
  await knex.raw('CREATE INDEX account_requests_email ON account_requests (lower(email))');
  await knex.schema.createTable('account_links', (table) => {
    table.text('token_hash').primary().comment('SHA-256: the token itself stands in the mail alone');
    table.uuid('request_id').notNullable().references('account_requests.id').onDelete('CASCADE').index();
    table.timestamp('expires_at').notNullable();
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('account_links');
  await knex.schema.dropTable('account_requests');
  await knex.schema.alterTable('users', (table) => table.dropColumn('verified_at'));
}
