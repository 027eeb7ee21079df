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

/**
 * An amount as people write it, with as many decimals as its currency has: `$4.30`, `¥430`.
 *
 * @param locale BCP 47
 */
export function writeMoney({ amount, currency }: Money, locale = 'en-US'): string {
  const { format, decimals } = formatOf(locale, currency);
  // A decimal string with an exponent is exact, whatever the amount.
  return format.format(`${amount}e-${decimals}` as `${number}`);
}

/** An amount in major units, for what only knows numbers: 4.3. Not for sums. */
export const toMajorUnits = ({ amount, currency }: Money): number =>
  amount / 10 ** formatOf('en-US', currency).decimals;

interface Format {
  format: Intl.NumberFormat;
  /** How many digits of an amount are minor units. */
  decimals: number;
}

// A format takes longer to make than a whole email to fill, and to be asked than to write.
const formats = new Map<string, Format>();

function formatOf(locale: string, currency: string): Format {
  const key = `${locale} ${currency}`;
  const known = formats.get(key);
  if (known) return known;
  const format = new Intl.NumberFormat(locale, { style: 'currency', currency });
  const made = { format, decimals: format.resolvedOptions().maximumFractionDigits ?? 2 };
  formats.set(key, made);
  return made;
}
