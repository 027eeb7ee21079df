import type { NotFound } from '../../domain/catalog/choices.ts';
import {
  addVariation,
  changeProduct,
  changeVariation,
  createProduct,
  deleteProduct,
  deleteVariation,
  type Product,
  restoreProduct,
  restoreVariation,
} from '../../domain/catalog/product.ts';
import { usd } from '../usd.ts';
import { deepFreeze } from './an-order.ts';

const NOW = '2026-11-22T09:00:00.000Z';
const LATER = '2026-11-22T10:00:00.000Z';
const fields = {
  name: 'Latte',
  description: '',
  category: null,
  imageUrl: null,
  allergens: [],
  basePrice: usd(400),
  available: true,
  availableAgainAt: null,
  position: 1,
  optionGroups: [],
};
const vanilla = { name: 'Vanilla', priceDelta: usd(30), available: true, availableAgainAt: null, position: 1 };

/** Applies a command and returns the product, frozen so that commands cannot change it in place. */
function done(result: Product | NotFound): Product {
  if ('refused' in result) throw new Error(`refused: ${result.refused}`);
  return deepFreeze(result);
}

const latte = done(createProduct('latte', fields, NOW));
const withVanilla = done(addVariation(latte, 'vanilla', vanilla, NOW));
const withoutVanilla = done(deleteVariation(withVanilla, 'vanilla', NOW));
const deleted = done(deleteProduct(withVanilla, NOW));

test('creates a product at version 1, on sale and without variations', () => {
  expect(latte).toEqual({
    id: 'latte',
    ...fields,
    variations: [],
    version: 1,
    createdAt: NOW,
    updatedAt: NOW,
    deletedAt: null,
  });
});

const commands: [what: string, command: (product: Product) => Product | NotFound, on: Product, after: object][] = [
  ['changed', (it) => changeProduct(it, { name: 'Café Latte' }, LATER), withVanilla, { name: 'Café Latte' }],
  ['deleted', (it) => deleteProduct(it, LATER), withVanilla, { deletedAt: LATER }],
  ['restored', (it) => restoreProduct(it, LATER), deleted, { deletedAt: null }],
  [
    'given a variation',
    (it) => addVariation(it, 'oat', { ...vanilla, name: 'Oat' }, LATER),
    withVanilla,
    { variations: [{ id: 'oat', name: 'Oat', deletedAt: null }, { id: 'vanilla' }] },
  ],
  [
    'changed in a variation',
    (it) => changeVariation(it, 'vanilla', { available: false }, LATER),
    withVanilla,
    { variations: [{ ...vanilla, id: 'vanilla', available: false, deletedAt: null }] },
  ],
  [
    'left without a variation',
    (it) => deleteVariation(it, 'vanilla', LATER),
    withVanilla,
    { variations: [{ ...vanilla, deletedAt: LATER }] },
  ],
  [
    'given a variation back',
    (it) => restoreVariation(it, 'vanilla', LATER),
    withoutVanilla,
    { variations: [{ ...vanilla, deletedAt: null }] },
  ],
];

test.each(commands)('raises the version by one when a product is %s', (_, command, on, after) => {
  const changed = done(command(on));
  expect(changed).toMatchObject({ id: 'latte', version: on.version + 1, createdAt: NOW, updatedAt: LATER, ...after });
});

describe('a deleted product', () => {
  test('is deleted and restored with its variations', () => {
    expect(deleted).toMatchObject({ deletedAt: NOW, variations: [{ id: 'vanilla', deletedAt: null }] });
    expect(restoreProduct(deleted, LATER).variations).toEqual(withVanilla.variations);
  });

  const attempts: [what: string, command: (product: Product) => Product | NotFound][] = [
    ['changed', (it) => changeProduct(it, { name: 'New' }, LATER)],
    ['deleted', (it) => deleteProduct(it, LATER)],
    ['given a variation', (it) => addVariation(it, 'oat', { ...vanilla, name: 'Oat' }, LATER)],
    ['changed in a variation', (it) => changeVariation(it, 'vanilla', { position: 2 }, LATER)],
    ['left without a variation', (it) => deleteVariation(it, 'vanilla', LATER)],
    ['given a variation back', (it) => restoreVariation(it, 'vanilla', LATER)],
  ];

  test.each(attempts)('cannot be %s', (_, command) => {
    expect(command(deleted)).toEqual({ refused: 'not_found' });
  });
});

describe('restoring a product on sale', () => {
  test('changes nothing, including the version', () => {
    expect(restoreProduct(withVanilla, LATER)).toBe(withVanilla);
    expect(restoreVariation(withVanilla, 'vanilla', LATER)).toBe(withVanilla);
  });
});

describe('a missing variation', () => {
  test.each([
    ['changed', changeVariation(withoutVanilla, 'vanilla', { position: 2 }, LATER)],
    ['deleted', deleteVariation(withoutVanilla, 'vanilla', LATER)],
    ['changed, though unknown', changeVariation(latte, 'unknown', { position: 2 }, LATER)],
    ['deleted, though unknown', deleteVariation(latte, 'unknown', LATER)],
    ['restored, though unknown', restoreVariation(latte, 'unknown', LATER)],
  ])('cannot be %s', (_, result) => {
    expect(result).toEqual({ refused: 'not_found' });
  });
});
