import type { Knex } from 'knex';

/** Adds the time of a user's last rename, because a rename changes responses about orders. Existing users get the current time. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE users ADD COLUMN name_changed_at timestamptz DEFAULT now();
    ALTER TABLE users ALTER COLUMN name_changed_at DROP DEFAULT;
    COMMENT ON COLUMN users.name_changed_at IS 'null: never since the person registered'`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('ALTER TABLE users DROP COLUMN name_changed_at');
}
