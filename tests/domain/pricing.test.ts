import fc from 'fast-check';
import { sum, times, toMajorUnits, writeMoney } from '../../domain/money.ts';
import { type LineRequest, type Offer, price } from '../../domain/order/pricing.ts';
import { usd } from '../usd.ts';
import { deepFreeze } from './an-order.ts';

const tea: Offer = {
  productId: 'tea',
  product: 'Tea',
  price: usd(300),
  orderable: true,
  variations: [],
  optionGroups: [],
};
const vanilla = { id: 'vanilla', name: 'Vanilla', price: usd(430), orderable: true };
const hazelnut = { id: 'hazelnut', name: 'Hazelnut', price: usd(440), orderable: false };
const latte: Offer = {
  ...tea,
  productId: 'latte',
  product: 'Latte',
  price: usd(400),
  variations: [vanilla, hazelnut],
};
const soldOut: Offer = { ...latte, productId: 'cake', product: 'Cake', orderable: false };

/** Line ids are 1, 2, 3 …, in the order of the lines. */
function priced(requests: LineRequest[], offers: Offer[]) {
  let id = 0;
  return price(deepFreeze(requests), deepFreeze(offers), () => String(++id), 'USD');
}

describe('pricing lines', () => {
  test('copies names and prices from the menu and adds up the total', () => {
    const requests = [
      { productId: 'latte', variationId: 'vanilla', quantity: 2 },
      { productId: 'tea', quantity: 1 },
      { productId: 'latte', quantity: 1 },
    ];

    expect(priced(requests, [soldOut, tea, latte])).toEqual({
      lines: [
        {
          id: '1',
          productId: 'latte',
          variationId: 'vanilla',
          product: 'Latte',
          variation: 'Vanilla',
          quantity: 2,
          unitPrice: usd(430),
          total: usd(860),
        },
        {
          id: '2',
          productId: 'tea',
          variationId: null,
          product: 'Tea',
          variation: null,
          quantity: 1,
          unitPrice: usd(300),
          total: usd(300),
        },
        {
          id: '3',
          productId: 'latte',
          variationId: null,
          product: 'Latte',
          variation: null,
          quantity: 1,
          unitPrice: usd(400),
          total: usd(400),
        },
      ],
      total: usd(1560),
    });
  });

  test('keeps the same product twice as two lines', () => {
    const twice = priced(
      [1, 2].map((quantity) => ({ productId: 'tea', quantity })),
      [tea],
    );
    expect(twice).toMatchObject({
      lines: [
        { id: '1', quantity: 1 },
        { id: '2', quantity: 2 },
      ],
      total: usd(900),
    });
  });

  test('reports every unavailable line and returns no prices', () => {
    const requests = [
      { productId: 'unknown', quantity: 1 },
      { productId: 'tea', quantity: 1 },
      { productId: 'cake', quantity: 1 },
      { productId: 'tea', variationId: 'vanilla', quantity: 1 },
      { productId: 'latte', variationId: 'gone', quantity: 1 },
      { productId: 'latte', variationId: 'hazelnut', quantity: 1 },
      { productId: 'cake', variationId: 'vanilla', quantity: 1 },
    ];
    expect(priced(requests, [latte, tea, soldOut])).toEqual({
      refused: 'product_unavailable',
      lines: [0, 2, 3, 4, 5, 6],
    });
  });

  test('the total is the integer sum of quantity times price', () => {
    const anOffer = fc.record({ amount: fc.integer({ min: 0, max: 20_000_000 }), orderable: fc.boolean() });
    const anOrder = fc.array(anOffer, { minLength: 1, maxLength: 20 }).chain((menu) =>
      fc.record({
        menu: fc.constant(menu),
        lines: fc.array(
          fc.record({ item: fc.nat({ max: menu.length - 1 }), quantity: fc.integer({ min: 1, max: 99 }) }),
          { minLength: 1, maxLength: 50 },
        ),
      }),
    );

    fc.assert(
      fc.property(anOrder, ({ menu, lines }) => {
        const offers = menu.map(({ amount, orderable }, index) => {
          return { ...tea, productId: `p${index}`, price: usd(amount), orderable };
        });
        const requests = lines.map(({ item, quantity }) => ({ productId: `p${item}`, quantity }));

        const result = priced(requests, offers);

        const missing = lines.flatMap(({ item }, index) => (menu[item]?.orderable ? [] : [index]));
        if (missing.length > 0) {
          expect(result).toEqual({ refused: 'product_unavailable', lines: missing });
          return;
        }
        if ('refused' in result) throw new Error('everything is to be had');
        const totals = result.lines.map(({ total }) => total.amount);
        expect(totals).toEqual(lines.map(({ item, quantity }) => (menu[item]?.amount ?? 0) * quantity));
        expect(result.total).toEqual(usd(totals.reduce((sum, total) => sum + total, 0)));
        expect([...totals, result.total.amount].every(Number.isSafeInteger)).toBe(true);
      }),
    );
  });
});

describe('pricing options', () => {
  const option = (id: string, amount: number, orderable = true) => ({
    id,
    name: id.toUpperCase(),
    priceDelta: usd(amount),
    orderable,
  });
  const milk = { id: 'milk', name: 'Milk', min: 1, max: 1, options: [option('oat', 60), option('soy', 50, false)] };
  const extras = { id: 'extras', name: 'Extras', min: 0, max: 3, options: [option('shot', 100), option('foam', 0)] };
  const cappuccino: Offer = { ...latte, productId: 'cappuccino', optionGroups: [milk, extras] };
  const withOptions = (...options: [id: string, quantity?: number][]): LineRequest => ({
    productId: 'cappuccino',
    quantity: 2,
    options: options.map(([optionId, quantity = 1]) => ({ optionId, quantity })),
  });

  test('adds them to the unit price and keeps their names and prices', () => {
    const request = { ...withOptions(['shot', 2], ['oat']), variationId: 'vanilla', note: 'Hot' };
    expect(priced([request], [cappuccino])).toMatchObject({
      lines: [
        {
          variation: 'Vanilla',
          options: [
            { id: 'shot', group: 'Extras', name: 'SHOT', quantity: 2, unitPrice: usd(100) },
            { id: 'oat', group: 'Milk', name: 'OAT', quantity: 1, unitPrice: usd(60) },
          ],
          note: 'Hot',
          unitPrice: usd(690),
          total: usd(1_380),
        },
      ],
      total: usd(1_380),
    });
  });

  test('leaves out the fields of a line without options and without a note', () => {
    const result = priced([{ productId: 'tea', quantity: 1, options: [], note: '' }], [tea]);
    if ('refused' in result) throw new Error(result.refused);
    expect(Object.keys(result.lines[0]!)).not.toContain('options');
    expect(Object.keys(result.lines[0]!)).not.toContain('note');
  });

  test('reports every fault of every line', () => {
    const requests = [
      withOptions(['oat']),
      withOptions(['soy'], ['wine'], ['shot', 4]),
      withOptions(['oat'], ['oat'], ['foam']),
      withOptions(),
      { productId: 'cappuccino', quantity: 1 },
      { productId: 'tea', quantity: 1, options: [{ optionId: 'oat', quantity: 1 }] },
      withOptions(['oat', 2], ['shot'], ['foam', 3]),
    ];
    expect(priced(requests, [cappuccino, tea])).toEqual({
      refused: 'options_invalid',
      faults: [
        { line: 1, option: 0, why: 'sold_out' },
        { line: 1, option: 1, why: 'unknown' },
        { line: 1, group: 'Extras', why: 'too_many', limit: 3 },
        { line: 2, option: 1, why: 'repeated' },
        { line: 2, group: 'Milk', why: 'too_many', limit: 1 },
        { line: 3, group: 'Milk', why: 'too_few', limit: 1 },
        { line: 4, group: 'Milk', why: 'too_few', limit: 1 },
        { line: 5, option: 0, why: 'unknown' },
        { line: 6, group: 'Milk', why: 'too_many', limit: 1 },
        { line: 6, group: 'Extras', why: 'too_many', limit: 3 },
      ],
    });
  });

  test('reports unavailable products before options', () => {
    const requests = [withOptions(['wine']), { productId: 'cake', quantity: 1 }];
    expect(priced(requests, [cappuccino, soldOut])).toEqual({ refused: 'product_unavailable', lines: [1] });
  });

  test('totals add up for any lines with any options', () => {
    const anAmount = fc.integer({ min: 0, max: 1_000_000_000 });
    const aCatalog = fc.record({
      base: anAmount,
      deltas: fc.array(anAmount, { minLength: 1, maxLength: 20 }),
      lines: fc.array(
        fc.record({
          quantity: fc.integer({ min: 1, max: 99 }),
          options: fc.uniqueArray(
            fc.record({ index: fc.nat({ max: 19 }), quantity: fc.integer({ min: 1, max: 20 }) }),
            { selector: ({ index }) => index, maxLength: 20 },
          ),
        }),
        { minLength: 1, maxLength: 50 },
      ),
    });
    fc.assert(
      fc.property(aCatalog, ({ base, deltas, lines }) => {
        const options = deltas.map((delta, index) => option(`o${index}`, delta));
        const offer = {
          ...tea,
          price: usd(base),
          optionGroups: [{ id: 'any', name: 'Any', min: 0, max: 400, options }],
        };
        const requests = lines.map(({ quantity, options }) => ({
          productId: 'tea',
          quantity,
          options: options
            .filter(({ index }) => index < deltas.length)
            .map(({ index, quantity }) => ({ optionId: `o${index}`, quantity })),
        }));

        const result = priced(requests, [offer]);

        if ('refused' in result) throw new Error(result.refused);
        const totals = lines.map(({ quantity, options }) => {
          const extra = options.reduce((sum, { index, quantity }) => sum + (deltas[index] ?? 0) * quantity, 0);
          return (base + extra) * quantity;
        });
        expect(result.lines.map(({ total }) => total.amount)).toEqual(totals);
        expect(result.total).toEqual(usd(totals.reduce((sum, total) => sum + total, 0)));
        expect([...totals, result.total.amount].every(Number.isSafeInteger)).toBe(true);
        for (const { unitPrice, options = [] } of result.lines) {
          const surcharge = options.reduce((sum, each) => sum + each.unitPrice.amount * each.quantity, 0);
          expect(unitPrice.amount).toBe(base + surcharge);
        }
      }),
    );
  });
});

describe('money arithmetic', () => {
  test('gives an empty sum a currency', () => {
    expect(sum([], 'JPY')).toEqual({ amount: 0, currency: 'JPY' });
  });

  test('never mixes currencies', () => {
    expect(() => sum([usd(1), { amount: 1, currency: 'EUR' }], 'USD')).toThrow(RangeError);
  });

  test('keeps the currency when multiplying', () => {
    expect(times({ amount: 430, currency: 'JPY' }, 99)).toEqual({ amount: 42_570, currency: 'JPY' });
  });
});

test.each([
  [0, 'USD', '$0.00'],
  [5, 'USD', '$0.05'],
  [430, 'USD', '$4.30'],
  [10_000_000, 'USD', '$100,000.00'],
  [99_000_000_000, 'USD', '$990,000,000.00'],
  [Number.MAX_SAFE_INTEGER, 'USD', '$90,071,992,547,409.91'],
  [430, 'JPY', '¥430'],
  [430, 'EUR', '€4.30'],
  [1_234, 'KWD', 'KWD\u00a01.234'],
])('formats %p minor units of %s as %s', (amount, currency, written) => {
  expect(writeMoney({ amount, currency })).toBe(written);
});

test('formats money for another locale', () => {
  expect(writeMoney({ amount: 123_456, currency: 'EUR' }, 'de-DE')).toBe('1.234,56\u00a0€');
});

test.each([
  [430, 'USD', 4.3],
  [430, 'JPY', 430],
  [1_234, 'KWD', 1.234],
])('converts %p minor units of %s to the number %p', (amount, currency, major) => {
  expect(toMajorUnits({ amount, currency })).toBe(major);
});
