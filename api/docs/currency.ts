import { samplePrice, writeMoney } from '../../domain/money.ts';

/** Returns an example of an amount in a currency: `430 is $4.30`. */
export function amountsIn(currency: string): string {
  const money = samplePrice(430, currency);
  return `${money.amount} is ${writeMoney(money)}`;
}

/** A USD amount in JSON. Also matches inside a JSON string, where quotes are escaped, as in the examples of event streams. */
const USD_AMOUNTS = /\{(\\*")amount\1:(\d+),\1currency\1:\1USD\1\}/g;

/**
 * Replaces the USD amounts in an API document by amounts in the shop's currency. The schemas, which all shops share, use USD.
 */
export function inCurrency<Document extends object>(document: Document, currency: string): Document {
  if (currency === 'USD') return document;
  const inOwnCurrency = (_match: string, quote: string, cents: string) =>
    JSON.stringify(samplePrice(Number(cents), currency)).replaceAll('"', quote);
  const text = JSON.stringify(document)
    .replaceAll(USD_AMOUNTS, inOwnCurrency)
    .replaceAll(amountsIn('USD'), () => amountsIn(currency));
  return JSON.parse(text);
}
