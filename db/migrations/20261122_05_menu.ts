import type { Knex } from 'knex';

/** Creates two views of the products on sale: `menu` for customers, and `offers` for pricing orders. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE VIEW menu AS
    SELECT p.position, p.name, jsonb_build_object(
      'id', p.id, 'name', p.name, 'description', p.description,
      'price', jsonb_build_object('amount', p.base_price, 'currency', p.currency),
      'available', p.available,
      'variations', coalesce((
        SELECT jsonb_agg(jsonb_build_object(
          'id', v.id, 'name', v.name,
          'price', jsonb_build_object('amount', p.base_price + v.price_delta, 'currency', p.currency),
          'available', p.available AND v.available
        ) ORDER BY v.position, v.name)
        FROM variations v WHERE v.product_id = p.id AND v.deleted_at IS NULL
      ), '[]')
    ) AS item
    FROM products p WHERE p.deleted_at IS NULL`);
  await knex.raw(`
    CREATE VIEW offers AS
    SELECT p.id AS product_id, jsonb_build_object(
      'productId', p.id, 'variationId', v.id, 'product', p.name, 'variation', v.name,
      'price', jsonb_build_object('amount', p.base_price + coalesce(v.price_delta, 0), 'currency', p.currency),
      'orderable', p.available AND coalesce(v.available, true)
    ) AS offer
    FROM products p
    LEFT JOIN LATERAL (
      SELECT id, name, price_delta, available FROM variations WHERE product_id = p.id AND deleted_at IS NULL
      UNION ALL SELECT NULL, NULL, NULL, NULL
    ) v ON true
    WHERE p.deleted_at IS NULL`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP VIEW offers');
  await knex.raw('DROP VIEW menu');
}
