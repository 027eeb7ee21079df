import type { Knex } from 'knex';

/** Creates webhooks, the deliveries of events to them, and the attempts of each delivery. */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('webhooks', (table) => {
    table.uuid('id').primary();
    table.text('url').notNullable();
    table.text('description').notNullable();
    table.specificType('events', 'text[]').notNullable().comment('the types of events that it hears of');
    table.bigInteger('since').notNullable().comment('hears of events behind this position');
    table.binary('secret').notNullable().comment('signs; encrypted with the payload keys, if there are any');
    table.binary('old_secret').comment('signs as well, until old_secret_until');
    table.timestamp('old_secret_until');
    table.text('disabled_reason').checkIn(['manager', 'gone', 'failing']).comment('null while it is enabled');
    table.timestamp('disabled_at');
    table.timestamp('failing_since').comment('of the first failure since its last success');
    table.boolean('notice_due').notNullable().defaultTo(false).comment('the shop has yet to hear that it is disabled');
    table.integer('version').notNullable();
    table.timestamp('created_at').notNullable();
    table.timestamp('updated_at').notNullable();
    table.index(['created_at', 'id']);
  });
  await knex.schema.createTable('webhook_deliveries', (table) => {
    table.comment('one event for one webhook; a redelivery is a row of its own');
    table.uuid('id').primary();
    table.uuid('webhook_id').notNullable().references('webhooks.id').onDelete('CASCADE');
    table.bigIncrements('seq', { primaryKey: false }).comment('the order in which they are first tried');
    table.text('event_id').notNullable();
    table.text('type').notNullable();
    table.boolean('again').notNullable().comment('asked for by a manager: starts behind what happens now');
    table
      .text('outcome')
      .notNullable()
      .defaultTo('pending')
      .checkIn(['pending', 'delivered', 'gone', 'dropped', 'given_up']);
    table.integer('attempts').notNullable().defaultTo(0);
    table.timestamp('created_at').notNullable().defaultTo(knex.fn.now()).index();
    table.timestamp('settled_at');
    table
      .timestamp('started_at')
      .comment('null while it is the dispatcher’s: neither settled nor a workflow of its own');
    table.index(['webhook_id', 'seq']);
  });
  await knex.raw(
    'CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, again, seq) WHERE started_at IS NULL',
  );
  await knex.schema.createTable('webhook_attempts', (table) => {
    table.bigIncrements('id');
    table.uuid('delivery_id').notNullable().references('webhook_deliveries.id').onDelete('CASCADE');
    table.timestamp('at').notNullable();
    table.integer('status').comment('null: no answer');
    table.integer('duration').notNullable().comment('in ms');
    table.text('error').comment('null: it was taken');
    table.text('response').comment('how the answer began');
    table.index(['delivery_id', 'id']);
  });
  await knex.schema.createTable('webhook_cursor', (table) => {
    table.comment('one row: how far the log of events has been gone through');
    table.bigInteger('position').notNullable();
  });
  await knex.raw('INSERT INTO webhook_cursor SELECT coalesce(max(position), 0) FROM order_events');
  // Rows are inserted almost in the order of `at`. So a BRIN index, a summary of each block, is enough, and writes stay fast.
  await knex.raw('CREATE INDEX order_events_at ON order_events USING brin (at)');
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP INDEX order_events_at');
  for (const table of ['webhook_cursor', 'webhook_attempts', 'webhook_deliveries', 'webhooks'])
    await knex.schema.dropTable(table);
}
