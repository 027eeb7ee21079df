import type { Money } from '../domain/money.ts';
import type { LineRequest, Offer } from '../domain/order/pricing.ts';
import { type Database, named } from './connection.ts';

/** A product as the menu shows it, its price final. */
export interface MenuItem {
  id: string;
  name: string;
  description: string;
  price: Money;
  available: boolean;
  variations: { id: string; name: string; price: Money; available: boolean }[];
}

/** The read-only side of the catalog: what is on sale, and at what price. */
export interface CatalogView {
  menu(): Promise<MenuItem[]>;
  /** The currencies that products on sale are priced in, ISO 4217. */
  currencies(): Promise<string[]>;
  /** What the menu has of these lines. */
  offers(requests: readonly LineRequest[]): Promise<Offer[]>;
  /** The same with the next order number: one round trip. */
  offersAndNumber(requests: readonly LineRequest[]): Promise<{ offers: Offer[]; number: number }>;
}

export function createCatalogView(database: Database): CatalogView {
  async function menu(): Promise<MenuItem[]> {
    return database('menu').orderBy(['position', 'name']).pluck('item');
  }

  async function currencies(): Promise<string[]> {
    return database('products').whereNull('deleted_at').distinct().pluck('currency');
  }

  async function offers(requests: readonly LineRequest[]): Promise<Offer[]> {
    return database('offers').whereIn('product_id', productsOf(requests)).pluck('offer');
  }

  async function offersAndNumber(requests: readonly LineRequest[]): Promise<{ offers: Offer[]; number: number }> {
    const statement = database.raw(
      `SELECT nextval('order_numbers') AS number,
              (SELECT coalesce(jsonb_agg(offer), '[]') FROM offers WHERE product_id = ANY(:ids::uuid[])) AS offers`,
      { ids: productsOf(requests) },
    );
    const { rows } = await named('offers-and-number', statement);
    return rows[0];
  }

  return { menu, currencies, offers, offersAndNumber };
}

const productsOf = (requests: readonly LineRequest[]): string[] => [
  ...new Set(requests.map(({ productId }) => productId)),
];
