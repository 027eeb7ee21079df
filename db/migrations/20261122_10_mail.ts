import type { Knex } from 'knex';

/** Adds email preferences, the addresses that get no email, and the attempts of deliveries. */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.alterTable('users', (table) => {
    table.text('language').comment('ISO 639; null: the shop’s own');
    table.specificType('unwanted_emails', 'text[]').notNullable().defaultTo('{}').comment('kinds of mail');
    table
      .uuid('email_token')
      .notNullable()
      .unique()
      .defaultTo(knex.raw('gen_random_uuid()'))
      .comment('opens the choice of mails from a mail, and nothing else');
  });
  await knex.schema.alterTable('account_requests', (table) => {
    table.text('language').comment('ISO 639; null: the shop’s own');
  });
  await knex.schema.createTable('email_suppressions', (table) => {
    table.comment('addresses that get no more mail');
    table.text('address_hash').primary().comment('SHA-256 of the address in lower case');
    table.text('reason').notNullable().checkIn(['bounced', 'complained']);
    table.timestamp('at').notNullable();
  });
  await knex.raw(`
    ALTER TABLE deliveries
      ADD COLUMN id uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
      DROP CONSTRAINT deliveries_outcome_check,
      ADD CONSTRAINT deliveries_outcome_check
        CHECK (outcome IN ('retrying', 'sent', 'refused', 'suppressed', 'given_up', 'bounced', 'complained'))`);
  await knex.schema.createTable('delivery_attempts', (table) => {
    table.uuid('delivery_id').notNullable().references('deliveries.id').onDelete('CASCADE').index();
    table.timestamp('at').notNullable();
    table.text('outcome').notNullable();
    table.text('detail');
    table.text('message_id').comment('by which the mail server calls it');
    table.text('resend').comment('the run that sent it once more; null: the order’s own');
  });
  await knex.raw('CREATE INDEX ON delivery_attempts (message_id) WHERE message_id IS NOT NULL');
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('delivery_attempts');
  await knex.raw(`
    DELETE FROM deliveries WHERE outcome IN ('bounced', 'complained');
    ALTER TABLE deliveries
      DROP COLUMN id,
      DROP CONSTRAINT deliveries_outcome_check,
      ADD CONSTRAINT deliveries_outcome_check CHECK (outcome IN ('retrying', 'sent', 'refused', 'suppressed', 'given_up'))`);
  await knex.schema.dropTable('email_suppressions');
  await knex.schema.alterTable('account_requests', (table) => table.dropColumn('language'));
  await knex.schema.alterTable('users', (table) => table.dropColumns('language', 'unwanted_emails', 'email_token'));
}
