import { codesByDigits } from './currencies.ts';

/** An amount in integer minor units of a currency. */
export interface Money {
  /** Minor units: 430 is $4.30, but ¥430. */
  amount: number;
  /** ISO 4217 code. */
  currency: string;
}

// Not Intl's digits: those are CLDR's, which differ from ISO 4217 and from one version of Node to the next.
const digitsByCode = new Map(
  Object.entries(codesByDigits).flatMap(([digits, codes]) =>
    codes.split(/\s+/).map((code) => [code, Number(digits)] as const),
  ),
);

/** Every currency that has minor units, by its ISO 4217 code. */
export const currencies: readonly string[] = [...digitsByCode.keys()];

/** How many digits of an amount are minor units. Two for a code that ISO 4217 has withdrawn: old orders may have one. */
export const minorDigits = (currency: string): number => digitsByCode.get(currency) ?? 2;

/** The most that a product, or a variation on top, may cost, in units of its currency. */
const MAX_PRICE = 100_000;

/** The most that a product, or a variation on top, may cost, in minor units. */
export const maxPrice = (currency: string): number => MAX_PRICE * 10 ** minorDigits(currency);

/** The greatest {@link maxPrice}: that of a currency with as many digits as any has. */
export const MAX_PRICE_IN_ANY_CURRENCY = Math.max(...currencies.map(maxPrice));

/**
 * An amount of the sample menu in another currency: 400 cents are $4.00, ¥400 and KWD 4.000. Not what they are worth.
 *
 * @param cents minor units of a currency with two digits
 */
export const samplePrice = (cents: number, currency: string): Money => ({
  amount: cents * 10 ** Math.max(minorDigits(currency) - 2, 0),
  currency,
});

/**
 * Adds amounts of one currency.
 *
 * @param currency the result's, so that an empty sum has one too
 * @throws {RangeError} when an amount is of another currency
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
 * An amount as people write it, with as many decimals as its currency has: `$4.30`, `¥430`.
 *
 * @param locale BCP 47
 */
export const writeMoney = ({ amount, currency }: Money, locale = 'en-US'): string =>
  // A decimal string with an exponent is exact, whatever the amount.
  formatOf(locale, currency).format(`${amount}e-${minorDigits(currency)}` as `${number}`);

/** An amount in major units, for what only knows numbers: 4.3. Not for sums. */
export const toMajorUnits = ({ amount, currency }: Money): number => amount / 10 ** minorDigits(currency);

// A format takes longer to make than a whole email to fill.
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
