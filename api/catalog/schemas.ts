import { z } from 'zod';
import { MAX_CHOSEN } from '../../domain/catalog/option-group.ts';
import {
  ALLERGENS,
  MAX_CATEGORY_LENGTH,
  MAX_DESCRIPTION_LENGTH,
  MAX_IMAGE_URL_LENGTH,
  MAX_OPTION_GROUPS,
  MAX_POSITION,
} from '../../domain/catalog/product.ts';
import { samplePrice } from '../../domain/money.ts';
import { MAX_NAME_LENGTH } from '../../domain/text.ts';
import * as examples from '../docs/examples.ts';
import { changeOf, freeText, id, instant, money, oneLine, priceIn, timestamp } from '../http/schemas.ts';

const SOLD_OUT = '`false`: sold out. The item is shown but cannot be ordered';
const available = z.boolean().meta({ description: SOLD_OUT });
const availableAgainAt = timestamp.nullable().meta({
  description: 'The time at which the sold-out item is available again. null: no time is set, or the item is available',
});
const position = z.int().meta({ description: 'Lower positions come first' });
const deletedAt = timestamp.nullable().meta({ description: 'The time of the deletion. null: not deleted' });
const category = z.string().nullable().meta({ description: 'A heading of the menu' });
const imageUrl = z.string().nullable().meta({ description: 'An `https` URL. Crema does not fetch it' });
const allergens = z.array(
  z.enum(ALLERGENS).meta({ id: 'Allergen', description: 'An allergen of Regulation (EU) 1169/2011' }),
);

/** The number of options that a line may have of a group. */
const limit = z.int().min(0).max(MAX_CHOSEN);
const min = limit.meta({
  description: 'The minimum number of options of the group on an order line. Quantities count',
});
const max = limit.meta({
  description: 'The maximum number of options of the group on an order line. Quantities count',
});

const menuVariation = z
  .object({
    id,
    name: z.string(),
    price: money.meta({ description: 'The price of the product with this variation' }),
    available,
  })
  .meta({ id: 'MenuVariation' });

const menuOption = z
  .object({
    id,
    name: z.string(),
    priceDelta: money.meta({ description: 'The amount that is added to the price of the product' }),
    available,
  })
  .meta({ id: 'MenuOption' });

const menuOptionGroup = z
  .object({ id, name: z.string(), min, max, options: z.array(menuOption) })
  .meta({ id: 'MenuOptionGroup', description: 'A group of options, with the limits that apply to the product' });

const menuItem = z
  .object({
    id,
    name: z.string(),
    description: z.string(),
    category,
    imageUrl,
    allergens,
    price: money.meta({ description: 'The price without variation and options' }),
    available,
    variations: z.array(menuVariation).meta({ description: 'An order line has at most one of them' }),
    optionGroups: z.array(menuOptionGroup),
  })
  .meta({ id: 'MenuItem' });

export const catalog = z.object({ data: z.array(menuItem) }).meta({
  id: 'Catalog',
  description: 'The products on sale, by position. Prices are final, except that options add their `priceDelta`',
  examples: [examples.menu],
});

const choice = { id, name: z.string(), available, availableAgainAt, position, deletedAt };
const entry = { createdAt: timestamp, updatedAt: timestamp, deletedAt };

const variation = z
  .object({
    ...choice,
    priceDelta: money.meta({ description: 'The amount that is added to the product’s base price' }),
  })
  .meta({ id: 'Variation' });

const listedOptionGroup = z
  .strictObject({
    id: id.meta({ description: 'The id of an option group', example: examples.milkId }),
    min: min.optional().meta({ description: 'The `min` for this product. Absent: that of the group' }),
    max: max.optional().meta({ description: 'The `max` for this product. Absent: that of the group' }),
  })
  .meta({ id: 'ListedOptionGroup', description: 'An option group of a product' });

export const product = z
  .object({
    id,
    name: z.string(),
    description: z.string(),
    category,
    imageUrl,
    allergens,
    basePrice: money.meta({ description: 'The price without variation and options' }),
    available,
    availableAgainAt,
    position,
    variations: z.array(variation),
    optionGroups: z.array(listedOptionGroup).meta({ description: 'In the order of the menu' }),
    version: z.int().meta({
      description:
        'Increases with every change of the product, its variations or its list of option groups. ' +
        'The `ETag` header contains it',
    }),
    ...entry,
  })
  .meta({ id: 'Product', description: 'A product with its variations, for managers', examples: [examples.latte] });

const option = z
  .object({
    ...choice,
    priceDelta: money.meta({ description: 'The amount that is added to the price of the product' }),
  })
  .meta({ id: 'Option' });

export const optionGroup = z
  .object({
    id,
    name: z.string(),
    min,
    max,
    position,
    options: z.array(option),
    version: z.int().meta({
      description: 'Increases with every change of the group or its options. The `ETag` header contains it',
    }),
    ...entry,
  })
  .meta({
    id: 'OptionGroup',
    description: 'A group of options that products share, for managers',
    examples: [examples.milk],
  });

export const optionGroupList = z
  .object({ data: z.array(optionGroup) })
  .meta({ id: 'OptionGroupList', examples: [{ data: [examples.milk] }] });

export const productList = z
  .object({ data: z.array(product) })
  .meta({ id: 'ProductList', examples: [{ data: [examples.latte] }] });

const IMAGE_URL = 'https://images.example/flat-white.jpg';
const NAMES =
  'Names need a visible character and are stored in NFC. The comparison ignores case, invisible characters and repeated spaces.';
const LATEST = Date.parse('9999-12-31T23:59:59.999Z');

/** Returns an RFC 3339 time in UTC; any other text unchanged. The result is at most the year 9999. */
function toUtc(time: string): string {
  const at = Math.min(Date.parse(time), LATEST);
  return Number.isNaN(at) ? time : new Date(at).toISOString();
}

/** The fields of all items that a request can set. */
const fields = {
  available,
  availableAgainAt: instant.overwrite(toUtc).nullable().optional().meta({
    description:
      'The time at which the item is available again. A future time sets `available` to false. With `available: true`, this field is ignored and the stored time is removed',
  }),
  position: z.int().min(0).max(MAX_POSITION).meta({ description: 'Lower positions come first' }),
};

/** The defaults of these fields. `available` has none, because it depends on `availableAgainAt`. */
const defaults = {
  available: available.optional().meta({ description: `${SOLD_OUT}. Default: true.` }),
  position: fields.position.default(0),
};

const productFields = {
  ...fields,
  name: oneLine(MAX_NAME_LENGTH).meta({ description: `Unique among the products on sale. ${NAMES}` }),
  description: freeText(MAX_DESCRIPTION_LENGTH),
  category: oneLine(MAX_CATEGORY_LENGTH).nullable().meta({ description: 'A heading of the menu. null: no category' }),
  imageUrl: z
    .url({ protocol: /^https$/, normalize: true, error: 'must be https://…' })
    .max(MAX_IMAGE_URL_LENGTH, `must have at most ${MAX_IMAGE_URL_LENGTH} characters`)
    .nullable()
    .meta({
      description: 'An `https` URL. Crema does not fetch it. null: no image',
      pattern: '^[Hh][Tt][Tt][Pp][Ss]:',
      examples: [IMAGE_URL],
    }),
  allergens: allergens
    .max(ALLERGENS.length)
    .refine((all) => new Set(all).size === all.length, 'must not contain duplicates')
    .meta({ description: 'The allergens that the product contains, without duplicates' }),
  optionGroups: z
    .array(listedOptionGroup)
    .max(MAX_OPTION_GROUPS)
    .meta({
      description:
        'The option groups of the product, in the order of the menu. A change replaces the list. ' +
        'A deleted group is hidden until it is restored. If the list is replaced before that, the group is removed from it',
    }),
};

const optionGroupFields = {
  name: oneLine(MAX_NAME_LENGTH).meta({ description: `Unique among the option groups. ${NAMES}` }),
  min,
  max,
  position: fields.position,
};

/** The schemas of request bodies. */
export type CatalogInput = ReturnType<typeof catalogInput>;

/** Returns the schemas of request bodies, with prices in the shop's currency. Call it once: a component has one schema. */
export function catalogInput(currency: string) {
  const price = priceIn(currency);
  const basePrice = price.meta({ description: 'The price without variation and options' });
  const variationFields = {
    ...fields,
    name: oneLine(MAX_NAME_LENGTH).meta({
      description: `Unique among the variations of the product on sale. ${NAMES}`,
    }),
    priceDelta: price.meta({ description: 'The amount that is added to the product’s base price' }),
  };
  const optionFields = {
    ...fields,
    name: oneLine(MAX_NAME_LENGTH).meta({ description: `Unique among the options of the group. ${NAMES}` }),
    priceDelta: price.meta({ description: 'The amount that is added to the price of the product' }),
  };
  return {
    productRequest: z
      .strictObject({
        ...productFields,
        ...defaults,
        basePrice,
        description: productFields.description.default(''),
        category: productFields.category.default(null),
        imageUrl: productFields.imageUrl.default(null),
        allergens: productFields.allergens.default([]),
        optionGroups: productFields.optionGroups.default([]),
      })
      .meta({
        id: 'ProductRequest',
        examples: [
          {
            name: 'Flat White',
            description: 'Two shots under a thin layer of velvety milk',
            category: 'Coffee',
            imageUrl: IMAGE_URL,
            allergens: ['milk'],
            basePrice: samplePrice(420, currency),
            position: 7,
            optionGroups: [{ id: examples.milkId, min: 1 }],
          },
        ],
      }),
    productChange: changeOf({ ...productFields, basePrice }).meta({
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
    optionGroupRequest: z
      .strictObject({
        ...optionGroupFields,
        min: min.default(0),
        max: max.default(1),
        position: defaults.position,
      })
      .meta({ id: 'OptionGroupRequest', examples: [{ name: 'Syrup', min: 0, max: 2, position: 3 }] }),
    optionGroupChange: changeOf(optionGroupFields).meta({ id: 'OptionGroupChange', examples: [{ max: 3 }] }),
    optionRequest: z.strictObject({ ...optionFields, ...defaults }).meta({
      id: 'OptionRequest',
      examples: [{ name: 'Almond', priceDelta: samplePrice(70, currency), position: 4 }],
    }),
    optionChange: changeOf(optionFields).meta({
      id: 'OptionChange',
      examples: [{ availableAgainAt: '2026-11-23T08:00:00Z' }],
    }),
  };
}
