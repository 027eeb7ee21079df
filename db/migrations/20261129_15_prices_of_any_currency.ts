import type { Knex } from 'knex';

/** 100,000 units of a currency with four minor digits, the most that any currency has. The API applies the shop's own limit. */
const MAX_PRICE = 1_000_000_000;

const limit = (max: number, validity = '') => `
  ALTER TABLE products
    DROP CONSTRAINT products_base_price_check,
    ADD CONSTRAINT products_base_price_check CHECK (base_price BETWEEN 0 AND ${max}) ${validity};
  ALTER TABLE variations
    DROP CONSTRAINT variations_price_delta_check,
    ADD CONSTRAINT variations_price_delta_check CHECK (price_delta BETWEEN 0 AND ${max}) ${validity}`;

/** Raises the limit of prices, for currencies with three or four minor digits. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(limit(MAX_PRICE));
}

/** Prices above the old limit stay as they are. */
export async function down(knex: Knex): Promise<void> {
  await knex.raw(limit(10_000_000, 'NOT VALID'));
}
