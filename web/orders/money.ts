import type { Money } from '../client/index.ts';
import { locale } from '../page/language.ts';
import { settings } from '../page/settings.ts';

/** Writes an amount as people of the page's language do: `$4.30`. */
export function writeMoney({ amount, currency }: Money): string {
  const { minorDigits } = settings;
  const format = new Intl.NumberFormat(locale.value, {
    style: 'currency',
    currency,
    minimumFractionDigits: minorDigits,
    maximumFractionDigits: minorDigits,
  });
  return format.format(amount / 10 ** minorDigits);
}
