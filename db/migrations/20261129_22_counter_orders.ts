import type { Knex } from 'knex';

/**
 * Allows orders without a customer's account, and stores the names of their customers. A name is stored here only, so that it can
 * be removed. A row is inserted before its order.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE orders ALTER COLUMN customer_id DROP NOT NULL;
    COMMENT ON COLUMN orders.customer_id IS 'null: placed at the counter';
    CREATE INDEX orders_counter ON orders (placed_at, id) WHERE customer_id IS NULL`);
  await knex.schema.createTable('customer_names', (table) => {
    table.uuid('order_id').primary();
    table.text('name').comment('null: the order was placed without a name');
    table.timestamp('created_at').notNullable().defaultTo(knex.fn.now()).index();
    table.timestamp('changed_at').comment('when another name replaced the first one; null: never');
  });
}

/** Fails if there are counter orders, because the previous version cannot store them. */
export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('customer_names');
  await knex.raw('DROP INDEX orders_counter');
  await knex.raw('ALTER TABLE orders ALTER COLUMN customer_id SET NOT NULL');
}
