import type { Knex } from 'knex';

/** Adds when a person was last renamed: answers about their orders change with it. Existing people get the time of the migration. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE users ADD COLUMN name_changed_at timestamptz DEFAULT now();
    ALTER TABLE users ALTER COLUMN name_changed_at DROP DEFAULT;
    COMMENT ON COLUMN users.name_changed_at IS 'null: never since the person registered'`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('ALTER TABLE users DROP COLUMN name_changed_at');
}
