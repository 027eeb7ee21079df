import type { Knex } from 'knex';

/**
 * Creates the view `product_offers`, which prices orders: one row for each product, with its variations, option groups and options. The
 * view `offers` becomes obsolete. API processes of the previous version still read it.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE VIEW product_offers AS
    SELECT p.id AS product_id, json_build_object(
      'productId', p.id, 'product', p.name,
      'price', json_build_object('amount', p.base_price, 'currency', p.currency),
      'orderable', is_available(p.available, p.available_again_at),
      'variations', coalesce((
        SELECT json_agg(json_build_object(
          'id', v.id, 'name', v.name,
          'price', json_build_object('amount', p.base_price + v.price_delta, 'currency', p.currency),
          'orderable', is_available(v.available, v.available_again_at)
        ))
        FROM variations v WHERE v.product_id = p.id AND v.deleted_at IS NULL
      ), '[]'),
      'optionGroups', coalesce((
        SELECT json_agg(json_build_object(
          'id', g.id, 'name', g.name, 'min', coalesce(l.min, g.min), 'max', coalesce(l.max, g.max),
          'options', coalesce((
            SELECT json_agg(json_build_object(
              'id', o.id, 'name', o.name,
              'priceDelta', json_build_object('amount', o.price_delta, 'currency', g.currency),
              'orderable', is_available(o.available, o.available_again_at)
            ))
            FROM options o WHERE o.option_group_id = g.id AND o.deleted_at IS NULL
          ), '[]')
        ) ORDER BY l.place)
        FROM product_option_groups l JOIN option_groups g ON g.id = l.option_group_id
        WHERE l.product_id = p.id AND g.deleted_at IS NULL
      ), '[]')
    ) AS offer
    FROM products p WHERE p.deleted_at IS NULL`);
}

export const down = (knex: Knex): Promise<void> => knex.raw('DROP VIEW product_offers');
