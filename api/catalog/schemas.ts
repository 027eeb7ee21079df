import { z } from 'zod';
import { samplePrice } from '../../domain/money.ts';
import { MAX_NAME_LENGTH } from '../../domain/text.ts';
import * as examples from '../docs/examples.ts';
import { freeText, id, money, oneLine, priceIn, timestamp } from '../http/schemas.ts';

const orderable = z.boolean().meta({ description: '`false` is sold out: shown, but not orderable now' });

const menuVariation = z
  .object({
    id,
    name: z.string(),
    price: money.meta({ description: 'With this variation, the product’s own price included' }),
    available: orderable,
  })
  .meta({ id: 'MenuVariation' });

const menuItem = z
  .object({
    id,
    name: z.string(),
    description: z.string(),
    price: money.meta({ description: 'Without a variation' }),
    available: orderable,
    variations: z.array(menuVariation).meta({ description: 'An order line takes one of them, or none' }),
  })
  .meta({ id: 'MenuItem' });

export const catalog = z
  .object({ data: z.array(menuItem) })
  .meta({ id: 'Catalog', description: 'What is on sale, prices final, by position', examples: [examples.menu] });

const variation = z
  .object({
    id,
    name: z.string(),
    priceDelta: money.meta({ description: 'What it adds to the product’s base price' }),
    available: orderable,
    position: z.int().meta({ description: 'Lower comes first' }),
    deletedAt: timestamp.nullable().meta({ description: 'When it was taken off the menu; null while on sale' }),
  })
  .meta({ id: 'Variation' });

export const product = z
  .object({
    id,
    name: z.string(),
    description: z.string(),
    basePrice: money.meta({ description: 'Without a variation' }),
    available: orderable,
    position: z.int().meta({ description: 'Lower comes first' }),
    variations: z.array(variation),
    version: z.int().meta({ description: 'Goes up with every change, of its variations too; the `ETag`' }),
    createdAt: timestamp,
    updatedAt: timestamp,
    deletedAt: timestamp.nullable().meta({ description: 'When it was taken off the menu; null while on sale' }),
  })
  .meta({ id: 'Product', description: 'A product as managers see it', examples: [examples.latte] });

export const productList = z
  .object({ data: z.array(product) })
  .meta({ id: 'ProductList', examples: [{ data: [examples.latte] }] });

const available = z.boolean().meta({ description: '`false` is sold out: on the menu, marked, not orderable' });
const NAMES =
  'Names have a visible character and are stored in NFC. They are compared without case, invisible characters and repeated blanks.';
const position = z.int().min(0).max(1_000_000).meta({ description: 'Lower comes first' });

/** What managers send; prices are in the shop's one currency. */
export function catalogInput(currency: string) {
  const price = priceIn(currency);
  const productFields = {
    name: oneLine(MAX_NAME_LENGTH).meta({ description: `Nothing else on sale has this name. ${NAMES}` }),
    description: freeText(1_000),
    basePrice: price.meta({ description: 'Without a variation' }),
    available,
    position,
  };
  const variationFields = {
    name: oneLine(MAX_NAME_LENGTH).meta({
      description: `No other variation of the product on sale has this name. ${NAMES}`,
    }),
    priceDelta: price.meta({ description: 'What it adds to the product’s base price' }),
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
      minProperties: 1,
      description: 'At least one field; what is left out stays',
      examples: [{ basePrice: samplePrice(440, currency) }],
    }),
    variationRequest: z.strictObject({ ...variationFields, ...defaults }).meta({
      id: 'VariationRequest',
      examples: [{ name: 'Oat Milk', priceDelta: samplePrice(60, currency), position: 4 }],
    }),
    variationChange: changeOf(variationFields).meta({
      id: 'VariationChange',
      minProperties: 1,
      description: 'At least one field; what is left out stays',
      examples: [{ available: false }],
    }),
  };
}

/** Some of the fields, but not none. */
const changeOf = <Fields extends z.ZodRawShape>(fields: Fields) =>
  z
    .strictObject(fields)
    .partial()
    .refine((change) => Object.keys(change).length > 0, 'must change something');
