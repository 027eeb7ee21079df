import type { Money } from '../money.ts';
import { AVAILABLE, type Availability, asOf, withAvailability } from './availability.ts';
import { type Choice, commandsOn, type Entry, type NotFound, newEntry, touched } from './choices.ts';
import type { ListedOptionGroup } from './option-group.ts';

/** The allergens that the EU requires sellers to state (Regulation 1169/2011, annex II). */
export const ALLERGENS = [
  'celery',
  'crustaceans',
  'eggs',
  'fish',
  'gluten',
  'lupin',
  'milk',
  'molluscs',
  'mustard',
  'nuts',
  'peanuts',
  'sesame',
  'soy',
  'sulphites',
] as const;

export type Allergen = (typeof ALLERGENS)[number];

/** The maximum lengths of texts, in Unicode code points; of a URL, in characters. */
export const MAX_DESCRIPTION_LENGTH = 1_000;
export const MAX_CATEGORY_LENGTH = 50;
export const MAX_IMAGE_URL_LENGTH = 2_000;

/** The maximum position of a product, option group, variation or option. */
export const MAX_POSITION = 1_000_000;

/** The maximum number of option groups of a product. */
export const MAX_OPTION_GROUPS = 20;

/** A product with its variations. Postgres enforces that names are unique. */
export interface Product extends Entry, Availability {
  id: string;
  name: string;
  description: string;
  /** A heading of the menu; null: the product is under no heading. */
  category: string | null;
  /** An https URL; null: no image. */
  imageUrl: string | null;
  allergens: Allergen[];
  basePrice: Money;
  position: number;
  variations: Choice[];
  /** In the order of the menu. */
  optionGroups: ListedOptionGroup[];
}

type Described = Pick<
  Product,
  'name' | 'description' | 'category' | 'imageUrl' | 'allergens' | 'basePrice' | 'position' | 'optionGroups'
>;
export type NewProduct = Described & Partial<Availability>;

const commands = commandsOn<Product, 'variations'>('variations');

export const {
  remove: deleteProduct,
  restore: restoreProduct,
  addChoice: addVariation,
  changeChoice: changeVariation,
  deleteChoice: deleteVariation,
  restoreChoice: restoreVariation,
} = commands;

export function createProduct(id: string, fields: NewProduct, now: string): Product {
  return withAvailability({ id, ...fields, ...AVAILABLE, variations: [], ...newEntry(now) }, fields, now);
}

export function changeProduct(product: Product, change: Partial<NewProduct>, now: string): Product | NotFound {
  if (product.deletedAt) return { refused: 'not_found' };
  const { available: _, availableAgainAt: __, ...fields } = change;
  return touched(withAvailability({ ...product, ...fields }, change, now), now);
}

/** Returns a product and its variations as of a time. Returns the same object if nothing changes. */
export const productAsOf = (product: Product, now: string): Product => asOf(commands.choicesAsOf(product, now), now);
