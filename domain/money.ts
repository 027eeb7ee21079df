import { codesByDigits } from './currencies.ts';

/** An amount in integer minor units of a currency. */
export interface Money {
  /** In minor units: 430 is $4.30 or ¥430. */
  amount: number;
  /** ISO 4217 code. */
  currency: string;
}

// The digits are not taken from `Intl`, because it uses CLDR, which differs from ISO 4217 and changes with the version of Node.
const digitsByCode = new Map(
  Object.entries(codesByDigits).flatMap(([digits, codes]) =>
    codes.split(/\s+/).map((code) => [code, Number(digits)] as const),
  ),
);

/** The ISO 4217 codes of all currencies with minor units. */
export const currencies: readonly string[] = [...digitsByCode.keys()];

/** Returns the number of decimals of a currency; 2 for withdrawn codes, which old orders may have. */
export const minorDigits = (currency: string): number => digitsByCode.get(currency) ?? 2;

/** The highest base price of a product, and the highest price delta of a variation, in major units. */
const MAX_PRICE = 100_000;

/** Returns the highest price in a currency, in its minor units. */
export const maxPrice = (currency: string): number => MAX_PRICE * 10 ** minorDigits(currency);

/** The highest {@link maxPrice} of all currencies. */
export const MAX_PRICE_IN_ANY_CURRENCY = Math.max(...currencies.map(maxPrice));

/**
 * Returns a sample price in a currency: 400 becomes $4.00, ¥400 or KWD 4.000. Ignores exchange rates.
 *
 * @param cents the price in minor units of a currency with two minor digits
 */
export const samplePrice = (cents: number, currency: string): Money => ({
  amount: cents * 10 ** Math.max(minorDigits(currency) - 2, 0),
  currency,
});

/**
 * Adds amounts of one currency.
 *
 * @param currency the currency of the result, even if there are no amounts
 * @throws {RangeError} if an amount has another currency
 */
export function sum(amounts: readonly Money[], currency: string): Money {
  let amount = 0;
  for (const each of amounts) {
    if (each.currency !== currency) throw new RangeError(`Cannot add ${each.currency} to ${currency}`);
    amount += each.amount;
  }
  return { amount, currency };
}

export const times = (unit: Money, quantity: number): Money => ({ ...unit, amount: unit.amount * quantity });

/**
 * Formats an amount with its currency's decimals: `$4.30`, `¥430`.
 *
 * @param locale BCP 47
 */
export const writeMoney = ({ amount, currency }: Money, locale = 'en-US'): string =>
  // Formats `430e-2` and not the number 4.3, because a decimal string is exact for every amount.
  formatOf(locale, currency).format(`${amount}e-${minorDigits(currency)}` as `${number}`);

/** Returns an amount in major units, such as 4.3, for Temporal's search attributes. Not exact enough for sums. */
export const toMajorUnits = ({ amount, currency }: Money): number => amount / 10 ** minorDigits(currency);

// Cached, because creating a format takes longer than rendering an email.
const formats = new Map<string, Intl.NumberFormat>();

function formatOf(locale: string, currency: string): Intl.NumberFormat {
  const key = `${locale} ${currency}`;
  const known = formats.get(key);
  if (known) return known;
  const digits = minorDigits(currency);
  const made = new Intl.NumberFormat(locale, {
    style: 'currency',
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  formats.set(key, made);
  return made;
}
