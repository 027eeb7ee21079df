import { asOf, withAvailability } from '../../domain/catalog/availability.ts';
import {
  addOption,
  changeOption,
  changeOptionGroup,
  createOptionGroup,
  deleteOption,
  deleteOptionGroup,
  faultsOfList,
  faultsOnProducts,
  type OptionGroup,
  optionGroupAsOf,
  restoreOption,
  restoreOptionGroup,
} from '../../domain/catalog/option-group.ts';
import { usd } from '../usd.ts';
import { deepFreeze } from './an-order.ts';

const NOW = '2026-11-29T09:00:00.000Z';
const LATER = '2026-11-29T10:00:00.000Z';
const fields = { name: 'Milk', min: 0, max: 1, position: 1, currency: 'USD' };
const oat = { name: 'Oat', priceDelta: usd(60), position: 1 };

/** Returns the group, frozen so that commands cannot change it in place. */
function done(result: OptionGroup | { refused: string }): OptionGroup {
  if ('refused' in result) throw new Error(`refused: ${result.refused}`);
  return deepFreeze(result);
}

const milk = done(createOptionGroup('milk', fields, NOW));
const withOat = done(addOption(milk, 'oat', oat, NOW));
const withoutOat = done(deleteOption(withOat, 'oat', NOW));
const deleted = done(deleteOptionGroup(withOat, NOW));

test('creates an option group at version 1, without options', () => {
  expect(milk).toEqual({
    id: 'milk',
    ...fields,
    options: [],
    version: 1,
    createdAt: NOW,
    updatedAt: NOW,
    deletedAt: null,
  });
});

test.each<[string, OptionGroup, object]>([
  ['changed', done(changeOptionGroup(withOat, { max: 3 }, LATER)), { max: 3 }],
  ['deleted', done(deleteOptionGroup(withOat, LATER)), { deletedAt: LATER }],
  [
    'given an option',
    done(addOption(withOat, 'soy', { ...oat, name: 'Soy' }, LATER)),
    { options: [{ id: 'oat' }, { id: 'soy' }] },
  ],
  [
    'changed in an option',
    done(changeOption(withOat, 'oat', { priceDelta: usd(1) }, LATER)),
    { options: [{ priceDelta: usd(1) }] },
  ],
  ['left without an option', done(deleteOption(withOat, 'oat', LATER)), { options: [{ deletedAt: LATER }] }],
])('raises the version by one when a group is %s', (_, changed, after) => {
  expect(changed).toMatchObject({ version: withOat.version + 1, createdAt: NOW, updatedAt: LATER, ...after });
});

test('refuses commands on deleted groups and options', () => {
  const refused = { refused: 'not_found' };
  expect(changeOptionGroup(deleted, { max: 3 }, LATER)).toEqual(refused);
  expect(deleteOptionGroup(deleted, LATER)).toEqual(refused);
  expect(addOption(deleted, 'soy', oat, LATER)).toEqual(refused);
  expect(restoreOption(deleted, 'oat', LATER)).toEqual(refused);
  expect(changeOption(withoutOat, 'oat', { position: 2 }, LATER)).toEqual(refused);
  expect(deleteOption(withoutOat, 'oat', LATER)).toEqual(refused);
  expect(restoreOption(milk, 'unknown', LATER)).toEqual(refused);
});

test('restores deleted groups and options, and returns others unchanged', () => {
  expect(restoreOptionGroup(deleted, LATER)).toMatchObject({ version: 4, deletedAt: null, options: withOat.options });
  expect(restoreOption(withoutOat, 'oat', LATER)).toMatchObject({ version: 4, options: [{ deletedAt: null }] });
  expect(restoreOptionGroup(withOat, LATER)).toBe(withOat);
  expect(restoreOption(withOat, 'oat', LATER)).toBe(withOat);
});

describe('the limits', () => {
  test.each<[Partial<OptionGroup>, string, string]>([
    [{ min: 2 }, 'min', 'must be at most 1, the value of max'],
    [{ min: 3, max: 2 }, 'max', 'must be at least 3, the value of min'],
  ])('of a group refuse %j', (limits, field, detail) => {
    const refusal = { refused: 'invalid_request', faults: [{ path: [field], detail }] };
    expect(changeOptionGroup(milk, limits, LATER)).toEqual(refusal);
    if ('max' in limits) expect(createOptionGroup('milk', { ...fields, ...limits }, NOW)).toEqual(refusal);
  });

  const live = new Map([
    ['milk', { min: 0, max: 1 }],
    ['size', { min: 1, max: 1 }],
  ]);

  test('on a product combine its own with those of the group', () => {
    expect(
      faultsOfList(
        [
          { id: 'milk', min: 1 },
          { id: 'size', max: 3 },
        ],
        live,
      ),
    ).toEqual([]);
    expect(
      faultsOfList(
        [{ id: 'milk', min: 2 }, { id: 'size', max: 0 }, { id: 'milk' }, { id: 'tea' }, { id: 'tea' }],
        live,
      ),
    ).toEqual([
      { path: ['optionGroups', 0, 'min'], detail: 'must be at most 1, the value of max' },
      { path: ['optionGroups', 1, 'max'], detail: 'must be at least 1, the value of min' },
      { path: ['optionGroups', 2, 'id'], detail: 'occurs twice' },
      { path: ['optionGroups', 3, 'id'], detail: 'is not an option group, or is deleted' },
      { path: ['optionGroups', 4, 'id'], detail: 'is not an option group, or is deleted' },
    ]);
  });

  test('of a group may not exclude those of a product', () => {
    expect(
      faultsOnProducts({ min: 2, max: 2 }, [
        { name: 'Latte', min: 2 },
        { name: 'Tea', min: 0, max: 9 },
      ]),
    ).toEqual([]);
    expect(
      faultsOnProducts({ min: 2, max: 2 }, [
        { name: 'Latte', min: 3 },
        { name: 'Tea', max: 1 },
      ]),
    ).toEqual([
      { path: ['max'], detail: 'must be at least 3, because Latte has this min' },
      { path: ['min'], detail: 'must be at most 1, because Tea has this max' },
    ]);
  });
});

describe('availability', () => {
  const soldOut = { available: false, availableAgainAt: LATER };

  test('is decided as of a time', () => {
    expect(asOf(soldOut, NOW)).toBe(soldOut);
    expect(asOf(soldOut, LATER)).toEqual({ available: true, availableAgainAt: null });
    const unknown = { available: false, availableAgainAt: null };
    expect(asOf(unknown, LATER)).toBe(unknown);
    // As an API process of the previous version leaves it.
    expect(asOf({ available: true, availableAgainAt: LATER }, NOW)).toEqual({
      available: true,
      availableAgainAt: null,
    });
  });

  test('of an option is decided with its group', () => {
    const group = done(changeOption(withOat, 'oat', { availableAgainAt: LATER }, NOW));
    expect(group.options).toMatchObject([soldOut]);
    expect(optionGroupAsOf(group, NOW)).toBe(group);
    expect(optionGroupAsOf(group, LATER)).toMatchObject({ version: 3, options: [{ available: true }] });
  });

  test('does not change without a change of it', () => {
    const available = { available: true, availableAgainAt: null };
    expect(withAvailability(available, {}, NOW)).toEqual(available);
    expect(withAvailability(soldOut, {}, NOW)).toEqual(soldOut);
  });
});
