import type { Knex } from 'knex';

/** The highest price, as in migration 15. */
const MAX_PRICE = 1_000_000_000;

/** Creates option groups, which products share, and adds the other new fields of the catalog. */
export async function up(knex: Knex): Promise<void> {
  await createOptionGroups(knex);
  await knex.schema.createTable('product_option_groups', (table) => {
    table.uuid('product_id').notNullable().references('products.id');
    table.uuid('option_group_id').notNullable().references('option_groups.id').index();
    table.smallint('place').notNullable().comment('the order of the groups of a product');
    table.smallint('min').checkBetween([0, 20]).comment('null: the limit of the group');
    table.smallint('max').checkBetween([0, 20]).comment('null: the limit of the group');
    table.primary(['product_id', 'option_group_id']);
  });
  await knex.schema.alterTable('products', (table) => {
    table.text('category');
    table.text('image_url');
    table.specificType('allergens', 'text[]').notNullable().defaultTo('{}');
    table.timestamp('available_again_at');
  });
  await knex.schema.alterTable('variations', (table) => table.timestamp('available_again_at'));
  await knex.raw(`
    CREATE FUNCTION is_available(available boolean, again timestamptz) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    RETURN available OR coalesce(again <= now(), false)`);
}

/** A deleted row stays, with a time of deletion. Names are unique among rows not deleted. */
async function createOptionGroups(knex: Knex): Promise<void> {
  await knex.schema.createTable('option_groups', (table) => {
    table.uuid('id').primary();
    table.text('name').notNullable();
    table.smallint('min').notNullable();
    table.smallint('max').notNullable();
    table.integer('position').notNullable();
    table.specificType('currency', 'char(3)').notNullable().comment('of the prices of its options');
    table.integer('version').notNullable().comment('the ETag; also increases when an option changes');
    table.timestamp('created_at').notNullable();
    table.timestamp('updated_at').notNullable();
    table.timestamp('deleted_at');
    table.check('0 <= min AND min <= max AND max <= 20', [], 'option_groups_limits_check');
  });
  await knex.schema.createTable('options', (table) => {
    table.uuid('id').primary();
    table.uuid('option_group_id').notNullable().references('option_groups.id').index();
    table.text('name').notNullable();
    table.bigInteger('price_delta').notNullable().checkBetween([0, MAX_PRICE]).comment('minor units');
    table.boolean('available').notNullable();
    table.timestamp('available_again_at');
    table.integer('position').notNullable();
    table.timestamp('deleted_at');
  });
  await knex.raw(
    'CREATE UNIQUE INDEX option_groups_name_key ON option_groups (name_key(name)) WHERE deleted_at IS NULL',
  );
  await knex.raw(
    'CREATE UNIQUE INDEX options_name_key ON options (option_group_id, name_key(name)) WHERE deleted_at IS NULL',
  );
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP FUNCTION is_available(boolean, timestamptz)');
  await knex.schema.alterTable('variations', (table) => table.dropColumn('available_again_at'));
  await knex.schema.alterTable('products', (table) =>
    table.dropColumns('category', 'image_url', 'allergens', 'available_again_at'),
  );
  await knex.schema.dropTable('product_option_groups');
  await knex.schema.dropTable('options');
  await knex.schema.dropTable('option_groups');
}
