import fc from 'fast-check';
import { maxPrice } from '../../domain/money.ts';
import { isOneLine } from '../../domain/text.ts';
import {
  type NamedOptionGroup,
  price,
  readAvailability,
  readOptionGroups,
  Wrong,
  writeAvailability,
  writeOptionGroups,
  writePrice,
} from '../../manage/menu/cells.ts';

/** Names with the characters that a cell escapes. */
const name = fc
  .oneof(
    fc.string({ unit: 'grapheme', maxLength: 20 }),
    fc.string({
      unit: fc.constantFrom('a', ' ', ';', '\\', '(', ')', '-', '1', '(1-2)', '(-)', '"', ','),
      maxLength: 12,
    }),
  )
  .map((text) => text.normalize('NFC').trim())
  .filter((text) => isOneLine(text, 100));
const limit = fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined });

test('every list of option groups can be read as it was written', () => {
  const group = fc.record({ name, min: limit, max: limit }).map(
    ({ name, min, max }): NamedOptionGroup => ({
      name,
      ...(min !== undefined && { min }),
      ...(max !== undefined && { max }),
    }),
  );
  fc.assert(
    fc.property(fc.array(group, { maxLength: 4 }), (groups) => {
      expect(readOptionGroups(writeOptionGroups(groups))).toEqual(groups);
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  ['', []],
  [' ; ', []],
  ['Milk', [{ name: 'Milk' }]],
  ['Milk;Extras ( 1-2)', [{ name: 'Milk' }, { name: 'Extras ( 1-2)' }]],
  [
    'Milk (1-2); Extras (-3); Size(1-)',
    [
      { name: 'Milk', min: 1, max: 2 },
      { name: 'Extras', max: 3 },
      { name: 'Size', min: 1 },
    ],
  ],
  ['Milk (cow)', [{ name: 'Milk (cow)' }]],
  [String.raw`Milk \(1-2); A\;B\\`, [{ name: 'Milk (1-2)' }, { name: String.raw`A;B\ `.trim() }]],
])('reads the option groups %j', (text, groups) => {
  expect(readOptionGroups(text)).toEqual(groups);
});

test('every price can be read as it was written', () => {
  for (const currency of ['JPY', 'USD', 'KWD', 'CLF'])
    fc.assert(
      fc.property(fc.integer({ min: 0, max: maxPrice(currency) }), (amount) => {
        expect(price(currency)(writePrice({ amount, currency }))).toEqual({ amount, currency });
      }),
    );
});

test.each([
  '-1',
  '+1',
  '1e3',
  '1.',
  '.5',
  '1,000.00',
  '4,50',
  '$4.50',
  '4.50 USD',
  '0x10',
  '١',
  'NaN',
  '1 000',
  '4.505',
  '100000.01',
  '',
])('rejects the price %j', (text) => {
  expect(price('USD')(text)).toBeInstanceOf(Wrong);
});

test.each([
  ['', 'yes'],
  ['YES', 'yes'],
  ['true', 'yes'],
  ['No', 'no'],
  ['false', 'no'],
  ['2100-01-01t02:00:00+02:00', '2100-01-01T00:00:00.000Z'],
])('reads the availability %j as %j', (text, written) => {
  const availability = readAvailability(text);
  expect(availability instanceof Wrong ? undefined : writeAvailability(availability)).toBe(written);
});

test.each([
  'maybe',
  '1',
  '2100-01-01',
  '2100-01-01T00:00',
  '2100-01-01T00:00:00',
  '2100-02-30T00:00:00Z',
  '01/02/2100',
])('rejects the availability %j', (text) => {
  expect(readAvailability(text)).toBeInstanceOf(Wrong);
});
