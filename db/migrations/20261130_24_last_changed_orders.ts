import type { Knex } from 'knex';

/** Lets orders be sorted by the time of their last change, which is in their snapshot. Its text sorts as the time does. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`CREATE INDEX orders_updated_at_id_index ON orders ((snapshot ->> 'updatedAt') COLLATE "C", id)`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP INDEX orders_updated_at_id_index');
}
