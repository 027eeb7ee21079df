import type { Knex } from 'knex';

/**
 * Adds categories, images, allergens and option groups to the view `menu`. A sold-out item whose time has come is
 * available.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE OR REPLACE VIEW menu AS
    SELECT p.position, p.name, jsonb_build_object(
      'id', p.id, 'name', p.name, 'description', p.description,
      'category', p.category, 'imageUrl', p.image_url, 'allergens', p.allergens,
      'price', jsonb_build_object('amount', p.base_price, 'currency', p.currency),
      'available', is_available(p.available, p.available_again_at),
      'variations', coalesce((
        SELECT jsonb_agg(jsonb_build_object(
          'id', v.id, 'name', v.name,
          'price', jsonb_build_object('amount', p.base_price + v.price_delta, 'currency', p.currency),
          'available', is_available(p.available, p.available_again_at)
                       AND is_available(v.available, v.available_again_at)
        ) ORDER BY v.position, v.name)
        FROM variations v WHERE v.product_id = p.id AND v.deleted_at IS NULL
      ), '[]'),
      'optionGroups', coalesce((
        SELECT jsonb_agg(jsonb_build_object(
          'id', g.id, 'name', g.name, 'min', coalesce(listed.min, g.min), 'max', coalesce(listed.max, g.max),
          'options', coalesce((
            SELECT jsonb_agg(jsonb_build_object(
              'id', o.id, 'name', o.name,
              'priceDelta', jsonb_build_object('amount', o.price_delta, 'currency', g.currency),
              'available', is_available(o.available, o.available_again_at)
            ) ORDER BY o.position, o.name)
            FROM options o WHERE o.option_group_id = g.id AND o.deleted_at IS NULL
          ), '[]')
        ) ORDER BY listed.place)
        FROM product_option_groups listed JOIN option_groups g ON g.id = listed.option_group_id
        WHERE listed.product_id = p.id AND g.deleted_at IS NULL
      ), '[]')
    ) AS item
    FROM products p WHERE p.deleted_at IS NULL`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE OR REPLACE VIEW menu AS
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
}
