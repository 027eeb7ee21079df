import { z } from 'zod';
import { samplePrice } from '../../domain/money.ts';
import { MAX_NAME_LENGTH } from '../../domain/text.ts';
import * as examples from '../docs/examples.ts';
import { changeOf, freeText, id, money, oneLine, priceIn, timestamp } from '../http/schemas.ts';

const available = z.boolean().meta({ description: '`false`: sold out. The item is shown but cannot be ordered' });

const menuVariation = z
  .object({
    id,
    name: z.string(),
    price: money.meta({ description: 'The price of the product with this variation' }),
    available: available,
  })
  .meta({ id: 'MenuVariation' });

const menuItem = z
  .object({
    id,
    name: z.string(),
    description: z.string(),
    price: money.meta({ description: 'The price without a variation' }),
    available: available,
    variations: z.array(menuVariation).meta({ description: 'An order line has at most one of them' }),
  })
  .meta({ id: 'MenuItem' });

export const catalog = z.object({ data: z.array(menuItem) }).meta({
  id: 'Catalog',
  description: 'The products on sale, by position, with final prices',
  examples: [examples.menu],
});

const variation = z
  .object({
    id,
    name: z.string(),
    priceDelta: money.meta({ description: 'The amount that is added to the product’s base price' }),
    available: available,
    position: z.int().meta({ description: 'Lower positions come first' }),
    deletedAt: timestamp.nullable().meta({ description: 'The time of the deletion. null: not deleted' }),
  })
  .meta({ id: 'Variation' });

export const product = z
  .object({
    id,
    name: z.string(),
    description: z.string(),
    basePrice: money.meta({ description: 'The price without a variation' }),
    available: available,
    position: z.int().meta({ description: 'Lower positions come first' }),
    variations: z.array(variation),
    version: z.int().meta({
      description: 'Increases with every change of the product or its variations. The `ETag` header contains it',
    }),
    createdAt: timestamp,
    updatedAt: timestamp,
    deletedAt: timestamp.nullable().meta({ description: 'The time of the deletion. null: not deleted' }),
  })
  .meta({ id: 'Product', description: 'A product with its variations, for managers', examples: [examples.latte] });

export const productList = z
  .object({ data: z.array(product) })
  .meta({ id: 'ProductList', examples: [{ data: [examples.latte] }] });

const NAMES =
  'Names need a visible character and are stored in NFC. The comparison ignores case, invisible characters and repeated spaces.';
const position = z.int().min(0).max(1_000_000).meta({ description: 'Lower positions come first' });

/** Returns the schemas of request bodies. Prices are in the shop's currency. */
export function catalogInput(currency: string) {
  const price = priceIn(currency);
  const productFields = {
    name: oneLine(MAX_NAME_LENGTH).meta({ description: `Unique among the products on sale. ${NAMES}` }),
    description: freeText(1_000),
    basePrice: price.meta({ description: 'The price without a variation' }),
    available,
    position,
  };
  const variationFields = {
    name: oneLine(MAX_NAME_LENGTH).meta({
      description: `Unique among the variations of the product on sale. ${NAMES}`,
    }),
    priceDelta: price.meta({ description: 'The amount that is added to the product’s base price' }),
    available,
    position,
  };
  const defaults = { available: available.default(true), position: position.default(0) };
  return {
    productRequest: z
      .strictObject({ ...productFields, description: productFields.description.default(''), ...defaults })
      .meta({
        id: 'ProductRequest',
        examples: [
          {
            name: 'Flat White',
            description: 'Two shots under a thin layer of velvety milk',
            basePrice: samplePrice(420, currency),
            position: 7,
          },
        ],
      }),
    productChange: changeOf(productFields).meta({
      id: 'ProductChange',
      examples: [{ basePrice: samplePrice(440, currency) }],
    }),
    variationRequest: z.strictObject({ ...variationFields, ...defaults }).meta({
      id: 'VariationRequest',
      examples: [{ name: 'Oat Milk', priceDelta: samplePrice(60, currency), position: 4 }],
    }),
    variationChange: changeOf(variationFields).meta({
      id: 'VariationChange',
      examples: [{ available: false }],
    }),
  };
}
