/** An amount in integer minor units (cents) of a currency. */
export interface Money {
  /** Minor units: 430 is 4.30 in a currency with two decimals. */
  amount: number;
  /** ISO 4217 code. */
  currency: string;
}

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

const formats = new Map<string, Intl.NumberFormat>();

/**
 * An amount as people write it, with as many decimals as its currency has: `$4.30`, `¥430`.
 *
 * @param locale BCP 47
 */
export function writeMoney({ amount, currency }: Money, locale = 'en-US'): string {
  const known = formatOf(locale, currency);
  // A decimal string with an exponent is exact, whatever the amount.
  return known.format(`${amount}e-${decimalsOf(known)}` as `${number}`);
}

/** An amount in major units, for what only knows numbers: 4.3. Not for sums. */
export const toMajorUnits = ({ amount, currency }: Money): number =>
  amount / 10 ** decimalsOf(formatOf('en-US', currency));

const decimalsOf = (format: Intl.NumberFormat): number => format.resolvedOptions().maximumFractionDigits ?? 2;

// A format takes longer to make than a whole email to fill.
function formatOf(locale: string, currency: string): Intl.NumberFormat {
  const key = `${locale} ${currency}`;
  const known = formats.get(key);
  if (known) return known;
  const made = new Intl.NumberFormat(locale, { style: 'currency', currency });
  formats.set(key, made);
  return made;
}
