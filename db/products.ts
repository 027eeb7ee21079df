import type { Product, Variation } from '../domain/catalog/product.ts';
import type { Database } from './connection.ts';
import { isUniqueViolation } from './unique-violation.ts';

/** Another product on sale, or another variation of the product, has this name. Postgres compares names (`name_key`). */
export class NameTaken extends Error {
  override name = 'NameTaken';
}

/** Reads and writes products with all of their variations. */
export function createProductRepository(database: Database) {
  const products = () => database('products');

  return {
    /** Returns products by position and name. */
    list: ({ includeDeleted }: { includeDeleted: boolean }): Promise<Product[]> => {
      const all = products().orderBy(['position', 'name', 'id']);
      return withVariations(database, includeDeleted ? all : all.whereNull('deleted_at'));
    },

    /** Returns a product, deleted or not. */
    find: async (id: string): Promise<Product | undefined> =>
      (await withVariations(database, products().where({ id })))[0],

    /** Like `find`, and locks the product until the transaction ends. */
    findForUpdate: async (id: string): Promise<Product | undefined> =>
      (await withVariations(database, products().where({ id }).forUpdate()))[0],

    /** Inserts or updates a product and its variations. @throws {NameTaken} */
    async save(product: Product): Promise<void> {
      const rows = product.variations.map((variation) => toVariationRow(product.id, variation));
      try {
        await products().insert(toProductRow(product)).onConflict('id').merge();
        if (rows.length > 0) await database('variations').insert(rows).onConflict('id').merge();
      } catch (error) {
        if (isUniqueViolation(error)) throw new NameTaken(product.name);
        throw error;
      }
    },
  };
}

export type ProductRepository = ReturnType<typeof createProductRepository>;

async function withVariations(database: Database, products: PromiseLike<ProductRow[]>): Promise<Product[]> {
  const rows = await products;
  const ids = rows.map(({ id }) => id);
  const variations: VariationRow[] = await database('variations')
    .whereIn('product_id', ids)
    .orderBy(['position', 'name', 'id']);
  return rows.map((row) =>
    toProduct(
      row,
      variations.filter(({ product_id }) => product_id === row.id),
    ),
  );
}

interface ProductRow {
  id: string;
  name: string;
  description: string;
  base_price: number;
  currency: string;
  available: boolean;
  position: number;
  version: number;
  created_at: Date;
  updated_at: Date;
  deleted_at: Date | null;
}

interface VariationRow {
  id: string;
  product_id: string;
  name: string;
  price_delta: number;
  available: boolean;
  position: number;
  deleted_at: Date | null;
}

function toProduct(row: ProductRow, variations: VariationRow[]): Product {
  const { id, name, description, currency, available, position, version } = row;
  return {
    id,
    name,
    description,
    basePrice: { amount: row.base_price, currency },
    available,
    position,
    variations: variations.map((variation) => toVariation(variation, currency)),
    version,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    deletedAt: row.deleted_at?.toISOString() ?? null,
  };
}

function toVariation({ id, name, price_delta, available, position, deleted_at }: VariationRow, currency: string) {
  const priceDelta = { amount: price_delta, currency };
  return { id, name, priceDelta, available, position, deletedAt: deleted_at?.toISOString() ?? null };
}

function toProductRow(product: Product) {
  const { id, name, description, basePrice, available, position, version } = product;
  return {
    id,
    name,
    description,
    base_price: basePrice.amount,
    currency: basePrice.currency,
    available,
    position,
    version,
    created_at: product.createdAt,
    updated_at: product.updatedAt,
    deleted_at: product.deletedAt,
  };
}

function toVariationRow(productId: string, variation: Variation) {
  const { id, name, priceDelta, available, position, deletedAt } = variation;
  return {
    id,
    product_id: productId,
    name,
    price_delta: priceDelta.amount,
    available,
    position,
    deleted_at: deletedAt,
  };
}
