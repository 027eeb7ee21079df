/**
 * Returns an error message if products or option groups on sale are priced in another currency than the shop's, because
 * they could not be ordered.
 *
 * @param currencies of the products and option groups on sale
 */
export function otherCurrency(currency: string, currencies: readonly string[]): string | undefined {
  const other = currencies.find((each) => each !== currency);
  if (!other) return undefined;
  const fault = `CURRENCY is ${currency}, but products or options on sale are priced in ${other}`;
  return `${fault}: set CURRENCY=${other}, or delete these first.`;
}
