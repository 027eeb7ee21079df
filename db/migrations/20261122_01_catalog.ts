import type { Knex } from 'knex';

/** Creates products and their variations. A deleted row stays, with a time of deletion. Names are unique among rows not deleted. */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('products', (table) => {
    table.uuid('id').primary();
    table.text('name').notNullable();
    table.text('description').notNullable();
    table.bigInteger('base_price').notNullable().checkBetween([0, 10_000_000]).comment('minor units');
    table.specificType('currency', 'char(3)').notNullable();
    table.boolean('available').notNullable();
    table.integer('position').notNullable();
    table.integer('version').notNullable().comment('the ETag; its variations count in');
    table.timestamp('created_at').notNullable();
    table.timestamp('updated_at').notNullable();
    table.timestamp('deleted_at');
  });
  await knex.schema.createTable('variations', (table) => {
    table.uuid('id').primary();
    table.uuid('product_id').notNullable().references('products.id').index();
    table.text('name').notNullable();
    table.bigInteger('price_delta').notNullable().checkBetween([0, 10_000_000]).comment('minor units');
    table.boolean('available').notNullable();
    table.integer('position').notNullable();
    table.timestamp('deleted_at');
  });
  await knex.raw('CREATE UNIQUE INDEX products_name_on_sale ON products (lower(name)) WHERE deleted_at IS NULL');
  await knex.raw(
    'CREATE UNIQUE INDEX variations_name_on_sale ON variations (product_id, lower(name)) WHERE deleted_at IS NULL',
  );
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('variations');
  await knex.schema.dropTable('products');
}
