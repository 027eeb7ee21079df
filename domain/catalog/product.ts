import type { Money } from '../money.ts';

/** A way to have a product, at a price on top of its base price. */
export interface Variation {
  id: string;
  name: string;
  priceDelta: Money;
  /** `false` is sold out: on the menu, marked, not orderable. */
  available: boolean;
  position: number;
  deletedAt: string | null;
}

/** Something the shop sells, with its variations. Never removed, only marked deleted. What counts as one name, Postgres decides. */
export interface Product {
  id: string;
  name: string;
  description: string;
  basePrice: Money;
  available: boolean;
  position: number;
  variations: Variation[];
  /** Goes up by one with every write, to a variation too: the `ETag`. */
  version: number;
  createdAt: string;
  updatedAt: string;
  deletedAt: string | null;
}

export type NewProduct = Pick<Product, 'name' | 'description' | 'basePrice' | 'available' | 'position'>;
export type NewVariation = Pick<Variation, 'name' | 'priceDelta' | 'available' | 'position'>;

/** Why a change to the catalog changes nothing. */
export interface CatalogRefusal {
  refused: 'not_found';
}

/** A product's first version. */
export function createProduct(id: string, fields: NewProduct, now: string): Product {
  return { id, ...fields, variations: [], version: 1, createdAt: now, updatedAt: now, deletedAt: null };
}

/** What is on sale can be changed; a deleted product is not found. */
export function changeProduct(product: Product, change: Partial<NewProduct>, now: string): Product | CatalogRefusal {
  return product.deletedAt ? { refused: 'not_found' } : touched({ ...product, ...change }, now);
}

/** Takes a product, and with it all of its variations, off the menu. */
export function deleteProduct(product: Product, now: string): Product | CatalogRefusal {
  return product.deletedAt ? { refused: 'not_found' } : touched({ ...product, deletedAt: now }, now);
}

/** Puts a product back; one that is on sale stays as it is. */
export function restoreProduct(product: Product, now: string): Product {
  return product.deletedAt ? touched({ ...product, deletedAt: null }, now) : product;
}

/** Adds a variation. */
export function addVariation(
  product: Product,
  id: string,
  fields: NewVariation,
  now: string,
): Product | CatalogRefusal {
  if (product.deletedAt) return { refused: 'not_found' };
  return withVariation(product, { id, ...fields, deletedAt: null }, now);
}

/** Changes a variation that is on sale. */
export function changeVariation(
  product: Product,
  id: string,
  change: Partial<NewVariation>,
  now: string,
): Product | CatalogRefusal {
  const variation = variationOnSale(product, id);
  return variation ? withVariation(product, { ...variation, ...change }, now) : { refused: 'not_found' };
}

/** Takes a variation off the menu. */
export function deleteVariation(product: Product, id: string, now: string): Product | CatalogRefusal {
  const variation = variationOnSale(product, id);
  return variation ? withVariation(product, { ...variation, deletedAt: now }, now) : { refused: 'not_found' };
}

/** Puts a variation back; one that is on sale stays as it is. */
export function restoreVariation(product: Product, id: string, now: string): Product | CatalogRefusal {
  const variation = product.variations.find((each) => each.id === id);
  if (product.deletedAt || !variation) return { refused: 'not_found' };
  return variation.deletedAt ? withVariation(product, { ...variation, deletedAt: null }, now) : product;
}

function variationOnSale(product: Product, id: string): Variation | undefined {
  if (product.deletedAt) return undefined;
  return product.variations.find((each) => each.id === id && !each.deletedAt);
}

function withVariation(product: Product, variation: Variation, now: string): Product {
  const others = product.variations.filter(({ id }) => id !== variation.id);
  return touched({ ...product, variations: [...others, variation].sort(byPosition) }, now);
}

/** As the menu lists them: by position, then by name as Postgres compares it. */
function byPosition(one: Variation, other: Variation): number {
  if (one.position !== other.position) return one.position - other.position;
  return one.name < other.name ? -1 : Number(one.name > other.name);
}

const touched = (product: Product, now: string): Product => ({
  ...product,
  version: product.version + 1,
  updatedAt: now,
});
