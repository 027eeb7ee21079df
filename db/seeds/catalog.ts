import { addVariation, createProduct, type Product } from '../../domain/catalog/product.ts';
import { samplePrice } from '../../domain/money.ts';
import type { Database } from '../connection.ts';
import { createProductRepository } from '../products.ts';
import { transact } from '../transaction.ts';

type Menu = [name: string, description: string, price: number, variations: [name: string, delta: number][]][];

/** The sample menu. Prices are in cents; {@link samplePrice} converts them to the shop's currency. */
const menu: Menu = [
  [
    'Latte',
    'Espresso under a lot of silky milk',
    400,
    [
      ['Pumpkin Spice', 50],
      ['Vanilla', 30],
      ['Hazelnut', 40],
    ],
  ],
  [
    'Espresso',
    'Short, strong, with a good crema',
    250,
    [
      ['Single Shot', 0],
      ['Double Shot', 100],
    ],
  ],
  [
    'Macchiato',
    'Espresso marked with foamed milk',
    400,
    [
      ['Caramel', 50],
      ['Vanilla', 30],
    ],
  ],
  [
    'Iced Coffee',
    'Brewed hot, served cold',
    350,
    [
      ['Regular', 0],
      ['Sweetened', 30],
      ['Extra Ice', 20],
    ],
  ],
  [
    'Donuts',
    'Baked this morning',
    200,
    [
      ['Glazed', 0],
      ['Jelly', 30],
      ['Boston Cream', 50],
    ],
  ],
  ['Tea', 'A pot of the day’s leaves', 300, []],
];

/** Ids are the same in every seeded shop, so that the examples on the docs page work. */
const idOf = (product: number, variation = 0) => `0c0ffee0-0000-4000-8000-0000000001${product}${variation}`;

/** Fills the catalog unless it has products, even deleted ones. Returns the number of products added. */
export async function seedCatalog(database: Database, currency: string): Promise<number> {
  return transact(database, async (transaction) => {
    await transaction.raw('LOCK TABLE products IN EXCLUSIVE MODE');
    const products = createProductRepository(transaction);
    if ((await products.list({ includeDeleted: true })).length > 0) return 0;
    const now = new Date().toISOString();
    for (const [index, [name, description, price, variations]] of menu.entries()) {
      const fields = {
        name,
        description,
        basePrice: samplePrice(price, currency),
        available: true,
        position: index + 1,
      };
      let product = createProduct(idOf(index + 1), fields, now);
      for (const [position, [variation, delta]] of variations.entries()) {
        const priceDelta = samplePrice(delta, currency);
        const added = { name: variation, priceDelta, available: true, position: position + 1 };
        product = addVariation(product, idOf(index + 1, position + 1), added, now) as Product;
      }
      await products.save({ ...product, version: 1 });
    }
    return menu.length;
  });
}
