import { currencies, maxPrice, minorDigits, samplePrice, toMajorUnits, writeMoney } from '../../domain/money.ts';
import { MAX_LINES, MAX_QUANTITY } from '../../domain/order/order.ts';

/** Currencies whose digits in CLDR (Intl) differ among versions of Node, and common ones. */
const known: [string, number][] = [
  ...(['USD', 'EUR', 'HUF', 'AFN', 'ALL', 'COP', 'IDR', 'LAK', 'MGA', 'PKR', 'YER', 'TWD', 'XCG'] as const).map(
    (code) => [code, 2] as [string, number],
  ),
  ...(['JPY', 'KRW', 'ISK', 'CLP', 'UGX', 'VND', 'XOF'] as const).map((code) => [code, 0] as [string, number]),
  ...(['KWD', 'BHD', 'IQD', 'TND'] as const).map((code) => [code, 3] as [string, number]),
  ['CLF', 4],
];

test.each(known)('%s has %d digits of minor units, as in ISO 4217', (code, digits) => {
  expect(currencies).toContain(code);
  expect(minorDigits(code)).toBe(digits);
});

test.each(['XAU', 'XDR', 'XTS', 'XXX', 'BGN', 'usd', ''])('rejects the currency %j for a shop', (code) => {
  expect(currencies).not.toContain(code);
});

test('reads an old order in a withdrawn currency', () => {
  expect(writeMoney({ amount: 430, currency: 'BGN' })).toBe('BGN\u00a04.30');
});

describe.each(['en-US', 'pt-BR', 'de-DE', 'ja-JP'])('amounts formatted in %s', (locale) => {
  const digitsIn = (text: string) => text.replaceAll(/\D/g, '');

  test.each(currencies)('%s has exactly its decimals and loses no digit', (currency) => {
    const decimals = minorDigits(currency);
    expect(digitsIn(writeMoney({ amount: 5, currency }, locale))).toBe('5'.padStart(decimals + 1, '0'));
    for (const amount of [123_456_789, Number.MAX_SAFE_INTEGER]) {
      expect(digitsIn(writeMoney({ amount, currency }, locale))).toBe(String(amount));
    }
  });
});

test.each(currencies)('the highest order total in %s is a safe integer', (currency) => {
  const unit = 10 ** minorDigits(currency);
  expect(maxPrice(currency)).toBe(100_000 * unit);
  expect(Number.isSafeInteger(2 * maxPrice(currency) * MAX_QUANTITY * MAX_LINES)).toBe(true);
  expect(toMajorUnits({ amount: maxPrice(currency), currency })).toBe(100_000);
});

test.each([
  ['USD', 400, '$4.00'],
  ['JPY', 400, '¥400'],
  ['KWD', 4_000, 'KWD\u00a04.000'],
  ['CLF', 40_000, 'CLF\u00a04.0000'],
])('on the sample menu in %s, a Latte is %d minor units: %s', (currency, amount, written) => {
  expect(samplePrice(400, currency)).toEqual({ amount, currency });
  expect(writeMoney(samplePrice(400, currency))).toBe(written);
});
