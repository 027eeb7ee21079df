import type { Knex } from 'knex';

/**
 * Creates the read model of orders, a projection of the decisions of their workflows. Only the journal writes it. Lines and
 * amounts are stored as JSON in the form of the API's responses. The type is `json`, because `jsonb` would reorder the fields.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('CREATE SEQUENCE order_numbers MINVALUE 1 MAXVALUE 999 CYCLE');
  await knex.raw('CREATE SEQUENCE order_positions');
  await knex.schema.createTable('orders', (table) => {
    table.uuid('id').primary();
    table.uuid('customer_id').notNullable();
    table.smallint('number').notNullable();
    table.text('status').notNullable();
    table.integer('version').notNullable();
    table.json('snapshot').notNullable().comment('the order as of its version, without personal data');
    table.timestamp('placed_at').notNullable();
    table.index(['placed_at', 'id']);
    table.index(['customer_id', 'placed_at', 'id']);
    table.index(['customer_id', 'status', 'placed_at', 'id']);
    table.index(['status', 'placed_at', 'id']);
    table.index(['number', 'placed_at', 'id']);
  });
  await knex.schema.createTable('order_events', (table) => {
    table.text('id').primary().comment('`<order>:<version>`, an alert’s `<order>:<version>:<alert>`');
    table.uuid('order_id').notNullable();
    table.integer('version').notNullable();
    table.bigInteger('position').notNullable().unique().comment('in the order of commits');
    table.timestamp('at').notNullable();
    table.json('event').notNullable();
    table.json('snapshot').notNullable().comment('the order as of this event');
    table.text('key_hash').comment('of the idempotency key that it answers');
    table.index(['order_id', 'version']);
    table.unique(['order_id', 'key_hash']);
  });
  await knex.schema.createTable('unchanged_edits', (table) => {
    table.comment('idempotency keys of edits that were accepted and made no difference, so that no event holds them');
    table.uuid('order_id').notNullable();
    table.text('key_hash').notNullable();
    table.text('fingerprint').notNullable();
    table.integer('version').notNullable();
    table.timestamp('at').notNullable();
    table.primary(['order_id', 'key_hash']);
  });
  await knex.schema.createTable('order_rejections', (table) => {
    table.text('id').primary();
    table.uuid('order_id').notNullable().index();
    table.timestamp('at').notNullable();
    table.json('rejection').notNullable();
  });
  await knex.schema.createTable('deliveries', (table) => {
    table.text('event_id').notNullable();
    table.text('channel').notNullable().checkIn(['redis', 'email']);
    table.text('recipient').notNullable().comment('customer, shop or a channel: never an address');
    table.uuid('order_id').notNullable().index();
    table.text('outcome').notNullable().checkIn(['retrying', 'sent', 'refused', 'suppressed', 'given_up']);
    table.integer('attempt').notNullable().defaultTo(0).comment('how often it was tried');
    table.timestamp('at').notNullable();
    table.text('detail');
    table.primary(['event_id', 'channel', 'recipient']);
  });
}

export async function down(knex: Knex): Promise<void> {
  for (const table of ['deliveries', 'order_rejections', 'unchanged_edits', 'order_events', 'orders'])
    await knex.schema.dropTable(table);
  await knex.raw('DROP SEQUENCE order_numbers');
  await knex.raw('DROP SEQUENCE order_positions');
}
