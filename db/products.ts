import type { ListedOptionGroup } from '../domain/catalog/option-group.ts';
import type { Product } from '../domain/catalog/product.ts';
import { CHOICE_COLUMNS, type ChoiceRow, toChoice, toChoiceRow } from './choices.ts';
import type { Database } from './connection.ts';
import { writeNamed } from './name-taken.ts';

/** A product's own limits of an option group. */
interface OwnLimits {
  /** The name of the product, marked if the product is deleted. */
  name: string;
  min?: number;
  max?: number;
}

/** Reads and writes products with all of their variations and their lists of option groups. */
export function createProductRepository(database: Database) {
  const products = () => database('products').select(PRODUCT_COLUMNS);

  return {
    /** Returns products in the order of their positions and names. */
    list: ({ includeDeleted }: { includeDeleted: boolean }): Promise<Product[]> => {
      const all = products().orderBy(['position', 'name', 'id']);
      return complete(database, includeDeleted ? all : all.whereNull('deleted_at'));
    },

    /** Returns a product, deleted or not. */
    find: async (id: string): Promise<Product | undefined> => (await complete(database, products().where({ id })))[0],

    /** Like `find`, but also locks the product until the transaction ends. */
    findForUpdate: async (id: string): Promise<Product | undefined> =>
      (await complete(database, products().where({ id }).forUpdate()))[0],

    /** Inserts or updates a product, its variations and its list of option groups. @throws {NameTaken} */
    save: (product: Product): Promise<void> =>
      writeNamed(product.name, async () => {
        await database('products').insert(toProductRow(product)).onConflict('id').merge();
        const variations = product.variations.map((each) => ({ ...toChoiceRow(each), product_id: product.id }));
        if (variations.length > 0) await database('variations').insert(variations).onConflict('id').merge();
        await saveOptionGroups(database, product);
      }),

    /** Returns the limits of an option group that products have of their own. */
    async ownLimits(optionGroupId: string): Promise<OwnLimits[]> {
      const rows = await database('product_option_groups')
        .join('products', 'products.id', 'product_id')
        .where({ option_group_id: optionGroupId })
        .orderBy('name')
        .select('name', 'min', 'max', 'deleted_at');
      return rows.map(({ name, min, max, deleted_at }) => ({
        name: deleted_at ? `${name} (deleted)` : name,
        ...toLimits({ min, max }),
      }));
    },

    /** Increases the versions of the products with an option group, because it was deleted or restored. */
    async touchAllWith(optionGroupId: string, now: string): Promise<void> {
      await database('products')
        .whereIn('id', database('product_option_groups').where({ option_group_id: optionGroupId }).select('product_id'))
        .update({ version: database.raw('version + 1'), updated_at: now });
    },
  };
}

export type ProductRepository = ReturnType<typeof createProductRepository>;

async function complete(database: Database, products: PromiseLike<ProductRow[]>): Promise<Product[]> {
  const rows = await products;
  const ids = rows.map(({ id }) => id);
  const variations: (ChoiceRow & OfProduct)[] = await database('variations')
    .select('product_id', ...CHOICE_COLUMNS)
    .whereIn('product_id', ids)
    .orderBy(['position', 'name', 'id']);
  const optionGroups: (ListedRow & OfProduct)[] = await database('product_option_groups as listed')
    .join('option_groups', 'option_groups.id', 'option_group_id')
    .select('product_id', 'option_group_id', 'listed.min', 'listed.max', 'deleted_at')
    .whereIn('product_id', ids)
    .orderBy('place');
  const variationsOf = Map.groupBy(variations, ({ product_id }) => product_id);
  const optionGroupsOf = Map.groupBy(optionGroups, ({ product_id }) => product_id);
  return rows.map((row) => toProduct(row, variationsOf.get(row.id) ?? [], optionGroupsOf.get(row.id) ?? []));
}

async function saveOptionGroups(database: Database, { id, optionGroups }: Product): Promise<void> {
  const ids = optionGroups.map((listed) => listed.id);
  await database('product_option_groups').where({ product_id: id }).whereNotIn('option_group_id', ids).delete();
  if (ids.length === 0) return;
  const rows = optionGroups.map((listed, place) => ({
    product_id: id,
    option_group_id: listed.id,
    place,
    min: listed.min ?? null,
    max: listed.max ?? null,
  }));
  await database('product_option_groups').insert(rows).onConflict(['product_id', 'option_group_id']).merge();
}

interface OfProduct {
  product_id: string;
}

/** A row of `products`. The prices of the product and of its variations are in `currency`. */
interface ProductRow
  extends Pick<
    Product,
    'id' | 'name' | 'description' | 'category' | 'allergens' | 'available' | 'position' | 'version'
  > {
  base_price: number;
  currency: string;
  image_url: string | null;
  available_again_at: Date | null;
  created_at: Date;
  updated_at: Date;
  deleted_at: Date | null;
}

// Listed, because a newer version may have added columns.
const PRODUCT_COLUMNS = [
  'id',
  'name',
  'description',
  'category',
  'image_url',
  'allergens',
  'base_price',
  'currency',
  'available',
  'available_again_at',
  'position',
  'version',
  'created_at',
  'updated_at',
  'deleted_at',
] as const;

/** An option group of a product. The limits are null if they are the group's. */
interface ListedRow {
  option_group_id: string;
  min: number | null;
  max: number | null;
  /** Of the group. */
  deleted_at: Date | null;
}

function toProduct(row: ProductRow, variations: ChoiceRow[], optionGroups: ListedRow[]): Product {
  const { base_price, currency, image_url, available_again_at, created_at, updated_at, deleted_at, ...fields } = row;
  return {
    ...fields,
    imageUrl: image_url,
    basePrice: { amount: base_price, currency },
    availableAgainAt: available_again_at?.toISOString() ?? null,
    variations: variations.map((variation) => toChoice(variation, currency)),
    optionGroups: optionGroups.map(toListed),
    createdAt: created_at.toISOString(),
    updatedAt: updated_at.toISOString(),
    deletedAt: deleted_at?.toISOString() ?? null,
  };
}

const toListed = ({ option_group_id: id, deleted_at, ...limits }: ListedRow): ListedOptionGroup => ({
  id,
  ...toLimits(limits),
  ...(deleted_at && { isDeleted: true }),
});

const toLimits = ({ min, max }: Pick<ListedRow, 'min' | 'max'>) => ({
  ...(min !== null && { min }),
  ...(max !== null && { max }),
});

function toProductRow(product: Product) {
  const { basePrice, imageUrl, availableAgainAt, variations: _, optionGroups: __, ...rest } = product;
  const { createdAt, updatedAt, deletedAt, ...fields } = rest;
  return {
    ...fields,
    image_url: imageUrl,
    base_price: basePrice.amount,
    currency: basePrice.currency,
    available_again_at: availableAgainAt,
    created_at: createdAt,
    updated_at: updatedAt,
    deleted_at: deletedAt,
  };
}
