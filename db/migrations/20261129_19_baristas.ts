import type { Knex } from 'knex';

const allow = (roles: string) => `
  ALTER TABLE users
    DROP CONSTRAINT users_role_check,
    ADD CONSTRAINT users_role_check CHECK (role IN (${roles}));
  ALTER TABLE account_requests
    DROP CONSTRAINT account_requests_role_check,
    ADD CONSTRAINT account_requests_role_check CHECK (role IN (${roles}))`;

/** Allows the role `barista`. Processes of the previous version do not support it, so assign it only after they have stopped. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(allow("'customer', 'barista', 'manager'"));
}

/** Baristas become customers. */
export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    UPDATE users SET role = 'customer' WHERE role = 'barista';
    UPDATE account_requests SET role = 'customer' WHERE role = 'barista';
    ${allow("'customer', 'manager'")}`);
}
