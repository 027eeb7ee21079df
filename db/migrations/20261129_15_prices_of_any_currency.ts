import type { Knex } from 'knex';

/** 100,000 units of the currency with the most digits, of which four are minor units. The API has the limit of the shop's currency. */
const MAX_PRICE = 1_000_000_000;

const limit = (max: number) => `
  ALTER TABLE products
    DROP CONSTRAINT products_base_price_check,
    ADD CONSTRAINT products_base_price_check CHECK (base_price BETWEEN 0 AND ${max}) NOT VALID;
  ALTER TABLE variations
    DROP CONSTRAINT variations_price_delta_check,
    ADD CONSTRAINT variations_price_delta_check CHECK (price_delta BETWEEN 0 AND ${max}) NOT VALID`;

/** Lets prices be as high in currencies with three or four digits of minor units as in others. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(limit(MAX_PRICE));
  // What is there was below a lower limit.
  await knex.raw(`
    ALTER TABLE products VALIDATE CONSTRAINT products_base_price_check;
    ALTER TABLE variations VALIDATE CONSTRAINT variations_price_delta_check`);
}

/** Prices above the old limit stay as they are. */
export async function down(knex: Knex): Promise<void> {
  await knex.raw(limit(10_000_000));
}
