import type { OptionGroup } from '../domain/catalog/option-group.ts';
import type { Product } from '../domain/catalog/product.ts';
import type { Money } from '../domain/money.ts';
import type { LineRequest, Offer } from '../domain/order/pricing.ts';
import type { Database } from './connection.ts';
import { prepare } from './prepared-statement.ts';

/** A product on the menu, with final prices. */
export interface MenuItem extends Pick<Product, 'id' | 'name' | 'description' | 'category' | 'imageUrl' | 'allergens'> {
  price: Money;
  available: boolean;
  variations: { id: string; name: string; price: Money; available: boolean }[];
  optionGroups: MenuOptionGroup[];
}

/** An option group of a product on the menu, with the limits for this product. */
interface MenuOptionGroup extends Pick<OptionGroup, 'id' | 'name' | 'min' | 'max'> {
  options: { id: string; name: string; priceDelta: Money; available: boolean }[];
}

const offersAndNumber = prepare<{ offers: Offer[]; number: number }>(
  'offers-and-number',
  `SELECT nextval('order_numbers') AS number,
     (SELECT coalesce(json_agg(offer), '[]') FROM product_offers WHERE product_id = ANY(:ids::uuid[])) AS offers`,
);

/** Reads the products on sale and their prices. A product that is not on sale has no offer. */
export function createCatalogView(database: Database) {
  return {
    menu: (): Promise<MenuItem[]> => database('menu').orderBy(['position', 'name']).pluck('item'),

    /** Returns the currencies of the products and option groups on sale, as ISO 4217 codes. */
    async currencies(): Promise<string[]> {
      const currencies = (table: string) => database(table).whereNull('deleted_at').select('currency');
      return (await currencies('products').union(currencies('option_groups'))).map(({ currency }) => currency);
    },

    offers: (requests: readonly LineRequest[]): Promise<Offer[]> =>
      database('product_offers').whereIn('product_id', productsOf(requests)).pluck('offer'),

    /** Returns the offers for the products of these lines, and the next order number in one round trip. */
    async offersAndNumber(requests: readonly LineRequest[]): Promise<{ offers: Offer[]; number: number }> {
      const { rows } = await offersAndNumber(database, { ids: productsOf(requests) });
      return rows[0] as (typeof rows)[0];
    },
  };
}

export type CatalogView = ReturnType<typeof createCatalogView>;

const productsOf = (requests: readonly LineRequest[]): string[] => [
  ...new Set(requests.map(({ productId }) => productId)),
];
