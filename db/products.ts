import type { Product, Variation } from '../domain/catalog/product.ts';
import type { Database } from './connection.ts';
import { isUniqueViolation } from './unique-violation.ts';

/**
 * Another product on sale, or another variation of the product, has this name. Postgres compares the names (`name_key`). The
 * error is thrown and not returned, so that the transaction is rolled back.
 */
export class NameTaken extends Error {
  override name = 'NameTaken';
}

/** Reads and writes products with all of their variations. */
export function createProductRepository(database: Database) {
  const products = () => database('products').select(PRODUCT_COLUMNS);

  return {
    /** Returns products in the order of their positions and names. */
    list: ({ includeDeleted }: { includeDeleted: boolean }): Promise<Product[]> => {
      const all = products().orderBy(['position', 'name', 'id']);
      return withVariations(database, includeDeleted ? all : all.whereNull('deleted_at'));
    },

    /** Returns a product, deleted or not. */
    find: async (id: string): Promise<Product | undefined> =>
      (await withVariations(database, products().where({ id })))[0],

    /** Like `find`, but also locks the product until the transaction ends. */
    findForUpdate: async (id: string): Promise<Product | undefined> =>
      (await withVariations(database, products().where({ id }).forUpdate()))[0],

    /** Inserts or updates a product and its variations. @throws {NameTaken} */
    async save(product: Product): Promise<void> {
      const rows = product.variations.map((variation) => toVariationRow(product.id, variation));
      try {
        await database('products').insert(toProductRow(product)).onConflict('id').merge();
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
    .select(VARIATION_COLUMNS)
    .whereIn('product_id', ids)
    .orderBy(['position', 'name', 'id']);
  const byProduct = Map.groupBy(variations, ({ product_id }) => product_id);
  return rows.map((row) => toProduct(row, byProduct.get(row.id) ?? []));
}

// Listed, because a row may have columns of a newer version.
const PRODUCT_COLUMNS = [
  'id',
  'name',
  'description',
  'base_price',
  'currency',
  'available',
  'position',
  'version',
  'created_at',
  'updated_at',
  'deleted_at',
];
const VARIATION_COLUMNS = ['id', 'product_id', 'name', 'price_delta', 'available', 'position', 'deleted_at'];

/** A row of `products`. The prices of the product and of its variations are in `currency`. */
interface ProductRow extends Pick<Product, 'id' | 'name' | 'description' | 'available' | 'position' | 'version'> {
  base_price: number;
  currency: string;
  created_at: Date;
  updated_at: Date;
  deleted_at: Date | null;
}

interface VariationRow extends Pick<Variation, 'id' | 'name' | 'available' | 'position'> {
  product_id: string;
  price_delta: number;
  deleted_at: Date | null;
}

function toProduct(row: ProductRow, variations: VariationRow[]): Product {
  const { base_price, currency, created_at, updated_at, deleted_at, ...fields } = row;
  return {
    ...fields,
    basePrice: { amount: base_price, currency },
    variations: variations.map((variation) => toVariation(variation, currency)),
    createdAt: created_at.toISOString(),
    updatedAt: updated_at.toISOString(),
    deletedAt: deleted_at?.toISOString() ?? null,
  };
}

function toVariation({ product_id: _, price_delta, deleted_at, ...fields }: VariationRow, currency: string): Variation {
  return { ...fields, priceDelta: { amount: price_delta, currency }, deletedAt: deleted_at?.toISOString() ?? null };
}

function toProductRow(product: Product) {
  const { basePrice, variations: _, createdAt, updatedAt, deletedAt, ...fields } = product;
  return {
    ...fields,
    base_price: basePrice.amount,
    currency: basePrice.currency,
    created_at: createdAt,
    updated_at: updatedAt,
    deleted_at: deletedAt,
  };
}

function toVariationRow(productId: string, { priceDelta, deletedAt, ...fields }: Variation) {
  return { ...fields, product_id: productId, price_delta: priceDelta.amount, deleted_at: deletedAt };
}
