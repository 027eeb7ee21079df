import { AVAILABLE } from '../../domain/catalog/availability.ts';
import { type Choice, newEntry } from '../../domain/catalog/choices.ts';
import type { OptionGroup } from '../../domain/catalog/option-group.ts';
import { type Allergen, createProduct } from '../../domain/catalog/product.ts';
import { samplePrice } from '../../domain/money.ts';
import type { Database } from '../connection.ts';
import { createOptionGroupRepository } from '../option-groups.ts';
import { createProductRepository } from '../products.ts';
import { transact } from '../transaction.ts';

type Choices = [name: string, delta: number][];

interface SampleProduct {
  name: string;
  description: string;
  category: string;
  price: number;
  allergens?: Allergen[];
  variations?: Choices;
  /** The names of its option groups. */
  options?: string[];
}

const MILK_AND_EXTRAS = ['Milk', 'Extras'];

/** The sample menu. Prices are in cents; {@link samplePrice} converts them to the shop's currency. */
const menu: SampleProduct[] = [
  {
    name: 'Latte',
    description: 'Espresso under a lot of silky milk',
    category: 'Coffee',
    price: 400,
    allergens: ['milk'],
    variations: [
      ['Pumpkin Spice', 50],
      ['Vanilla', 30],
      ['Hazelnut', 40],
    ],
    options: MILK_AND_EXTRAS,
  },
  {
    name: 'Espresso',
    description: 'Short, strong, with a good crema',
    category: 'Coffee',
    price: 250,
    variations: [
      ['Single Shot', 0],
      ['Double Shot', 100],
    ],
  },
  {
    name: 'Macchiato',
    description: 'Espresso marked with foamed milk',
    category: 'Coffee',
    price: 400,
    allergens: ['milk'],
    variations: [
      ['Caramel', 50],
      ['Vanilla', 30],
    ],
    options: MILK_AND_EXTRAS,
  },
  {
    name: 'Iced Coffee',
    description: 'Brewed hot, served cold',
    category: 'Coffee',
    price: 350,
    variations: [
      ['Regular', 0],
      ['Sweetened', 30],
      ['Extra Ice', 20],
    ],
    options: MILK_AND_EXTRAS,
  },
  {
    name: 'Donuts',
    description: 'Baked this morning',
    category: 'Bakery',
    price: 200,
    allergens: ['eggs', 'gluten', 'milk', 'soy'],
    variations: [
      ['Glazed', 0],
      ['Jelly', 30],
      ['Boston Cream', 50],
    ],
  },
  { name: 'Tea', description: 'A pot of the day’s leaves', category: 'Tea', price: 300 },
];

const optionGroups: { name: string; min: number; max: number; options: Choices }[] = [
  {
    name: 'Milk',
    min: 0,
    max: 1,
    options: [
      ['Whole', 0],
      ['Oat', 60],
      ['Soy', 50],
    ],
  },
  {
    name: 'Extras',
    min: 0,
    max: 3,
    options: [
      ['Extra shot', 100],
      ['Cinnamon', 0],
    ],
  },
];

/** Ids are the same in every seeded shop, so that the examples on the docs page work. */
const idOf = (kind: 'product' | 'group', position: number, choice = 0) =>
  `0c0ffee0-0000-4000-8000-00000000${kind === 'product' ? '01' : '02'}${position}${choice}`;

/** Fills the catalog unless it has products or option groups, even deleted ones. Returns the number of products added. */
export async function seedCatalog(database: Database, currency: string): Promise<number> {
  return transact(database, async (transaction) => {
    await transaction.raw('LOCK TABLE products, option_groups IN EXCLUSIVE MODE');
    const products = createProductRepository(transaction);
    const groups = createOptionGroupRepository(transaction);
    const all = { includeDeleted: true };
    if ((await products.list(all)).length > 0 || (await groups.list(all)).length > 0) return 0;
    for (const group of sampleGroups(currency)) await groups.save(group);
    for (const product of sampleProducts(currency)) await products.save(product);
    return menu.length;
  });
}

function sampleGroups(currency: string): OptionGroup[] {
  const now = new Date().toISOString();
  return optionGroups.map(({ options, ...fields }, index) => ({
    ...fields,
    id: idOf('group', index + 1),
    position: index + 1,
    currency,
    options: toChoices(options, currency, (position) => idOf('group', index + 1, position)),
    ...newEntry(now),
  }));
}

function sampleProducts(currency: string) {
  const now = new Date().toISOString();
  return menu.map(({ price, allergens = [], variations = [], options = [], ...fields }, index) => {
    const listed = options.map((name) => optionGroups.findIndex((group) => group.name === name) + 1);
    const product = createProduct(
      idOf('product', index + 1),
      {
        ...fields,
        imageUrl: null,
        allergens,
        basePrice: samplePrice(price, currency),
        position: index + 1,
        optionGroups: listed.map((position) => ({ id: idOf('group', position) })),
      },
      now,
    );
    return {
      ...product,
      variations: toChoices(variations, currency, (position) => idOf('product', index + 1, position)),
    };
  });
}

const toChoices = (choices: Choices, currency: string, id: (position: number) => string): Choice[] =>
  choices.map(([name, delta], index) => ({
    id: id(index + 1),
    name,
    priceDelta: samplePrice(delta, currency),
    ...AVAILABLE,
    position: index + 1,
    deletedAt: null,
  }));
