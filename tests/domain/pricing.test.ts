import fc from 'fast-check';
import { sum, times, toMajorUnits, writeMoney } from '../../domain/money.ts';
import { type LineRequest, type Offer, price } from '../../domain/order/pricing.ts';
import { deepFreeze } from './an-order.ts';

const usd = (amount: number) => ({ amount, currency: 'USD' });
const latte: Offer = {
  productId: 'latte',
  variationId: null,
  product: 'Latte',
  variation: null,
  price: usd(400),
  orderable: true,
};
const vanilla: Offer = { ...latte, variationId: 'vanilla', variation: 'Vanilla', price: usd(430) };
const tea: Offer = { ...latte, productId: 'tea', product: 'Tea', price: usd(300) };
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

    expect(priced(requests, [soldOut, tea, latte, vanilla])).toEqual({
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
    ];
    expect(priced(requests, [latte, vanilla, tea, soldOut])).toEqual({
      refused: 'product_unavailable',
      lines: [0, 2, 3, 4],
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
          return { ...latte, productId: `p${index}`, price: usd(amount), orderable };
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
