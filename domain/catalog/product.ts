import type { Money } from '../money.ts';

/** A variation of a product. */
export interface Variation {
  id: string;
  name: string;
  /** Added to the product's base price. */
  priceDelta: Money;
  /** `false`: sold out. The variation stays on the menu, but cannot be ordered. */
  available: boolean;
  position: number;
  deletedAt: string | null;
}

/** A product with its variations. A deleted product is marked, but not removed. Postgres enforces that names are unique. */
export interface Product {
  id: string;
  name: string;
  description: string;
  basePrice: Money;
  available: boolean;
  position: number;
  variations: Variation[];
  /** Increases by one with every change of the product or its variations. */
  version: number;
  createdAt: string;
  updatedAt: string;
  deletedAt: string | null;
}

export type NewProduct = Pick<Product, 'name' | 'description' | 'basePrice' | 'available' | 'position'>;
export type NewVariation = Pick<Variation, 'name' | 'priceDelta' | 'available' | 'position'>;

/** The refusal of a change, because the product or variation does not exist or is deleted. */
export interface CatalogRefusal {
  refused: 'not_found';
}

export function createProduct(id: string, fields: NewProduct, now: string): Product {
  return { id, ...fields, variations: [], version: 1, createdAt: now, updatedAt: now, deletedAt: null };
}

export function changeProduct(product: Product, change: Partial<NewProduct>, now: string): Product | CatalogRefusal {
  return product.deletedAt ? { refused: 'not_found' } : touched({ ...product, ...change }, now);
}

/** Deletes a product and its variations. */
export function deleteProduct(product: Product, now: string): Product | CatalogRefusal {
  return product.deletedAt ? { refused: 'not_found' } : touched({ ...product, deletedAt: now }, now);
}

/** Restores a deleted product; returns any other product unchanged. */
export function restoreProduct(product: Product, now: string): Product {
  return product.deletedAt ? touched({ ...product, deletedAt: null }, now) : product;
}

export function addVariation(
  product: Product,
  id: string,
  fields: NewVariation,
  now: string,
): Product | CatalogRefusal {
  if (product.deletedAt) return { refused: 'not_found' };
  return withVariation(product, { id, ...fields, deletedAt: null }, now);
}

export function changeVariation(
  product: Product,
  id: string,
  change: Partial<NewVariation>,
  now: string,
): Product | CatalogRefusal {
  const variation = variationOnSale(product, id);
  return variation ? withVariation(product, { ...variation, ...change }, now) : { refused: 'not_found' };
}

export function deleteVariation(product: Product, id: string, now: string): Product | CatalogRefusal {
  const variation = variationOnSale(product, id);
  return variation ? withVariation(product, { ...variation, deletedAt: now }, now) : { refused: 'not_found' };
}

/** Restores a deleted variation; returns the product unchanged if the variation is not deleted. */
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

/** Orders variations as Postgres does: by position, then by name. */
function byPosition(one: Variation, other: Variation): number {
  if (one.position !== other.position) return one.position - other.position;
  return one.name < other.name ? -1 : Number(one.name > other.name);
}

const touched = (product: Product, now: string): Product => ({
  ...product,
  version: product.version + 1,
  updatedAt: now,
});
