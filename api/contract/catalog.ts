import { z } from 'zod';
import { freeText, id, money, oneLine, priceIn, timestamp } from './values.ts';

const menuVariation = z.object({ id, name: z.string(), price: money, available: z.boolean() });

export const catalog = z
  .object({
    data: z.array(
      z.object({
        id,
        name: z.string(),
        description: z.string(),
        price: money,
        available: z.boolean(),
        variations: z.array(menuVariation),
      }),
    ),
  })
  .meta({ id: 'Catalog', description: 'What is on sale, prices final, by position' });

const variation = z.object({
  id,
  name: z.string(),
  priceDelta: money,
  available: z.boolean(),
  position: z.int(),
  deletedAt: timestamp.nullable(),
});

export const product = z
  .object({
    id,
    name: z.string(),
    description: z.string(),
    basePrice: money,
    available: z.boolean(),
    position: z.int(),
    variations: z.array(variation),
    version: z.int(),
    createdAt: timestamp,
    updatedAt: timestamp,
    deletedAt: timestamp.nullable(),
  })
  .meta({ id: 'Product' });

export const productList = z.object({ data: z.array(product) }).meta({ id: 'ProductList' });

const available = z.boolean().meta({ description: '`false` is sold out: on the menu, marked, not orderable' });
const position = z.int().min(0).max(1_000_000).meta({ description: 'Lower comes first' });

/** What managers send; prices are in the shop's one currency. */
export function catalogInput(currency: string) {
  const price = priceIn(currency);
  const productFields = {
    name: oneLine(100).meta({ example: 'Flat White' }),
    description: freeText(1_000),
    basePrice: price,
    available,
    position,
  };
  const variationFields = {
    name: oneLine(100).meta({ example: 'Oat Milk' }),
    priceDelta: price,
    available,
    position,
  };
  const defaults = { available: available.default(true), position: position.default(0) };
  return {
    newProduct: z
      .strictObject({ ...productFields, description: productFields.description.default(''), ...defaults })
      .meta({ id: 'NewProduct' }),
    productChange: changeOf(productFields).meta({ id: 'ProductChange' }),
    newVariation: z.strictObject({ ...variationFields, ...defaults }).meta({ id: 'NewVariation' }),
    variationChange: changeOf(variationFields).meta({ id: 'VariationChange' }),
  };
}

/** Some of the fields, but not none. */
const changeOf = <Fields extends z.ZodRawShape>(fields: Fields) =>
  z
    .strictObject(fields)
    .partial()
    .refine((change) => Object.keys(change).length > 0, 'must change something');
