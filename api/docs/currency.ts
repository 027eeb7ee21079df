import { samplePrice, writeMoney } from '../../domain/money.ts';

/** What an amount means in a currency, by an example: `430 is $4.30`. */
export function amountsIn(currency: string): string {
  const money = samplePrice(430, currency);
  return `${money.amount} is ${writeMoney(money)}`;
}

/** Money in JSON, and in JSON that is a text within JSON, as the examples of event streams are. */
const DOLLARS = /\{(\\*")amount\1:(\d+),\1currency\1:\1USD\1\}/g;

/**
 * Writes a document of the API for a shop with another currency: the schemas, which all shops share, explain amounts in USD.
 *
 * @param document as JSON has it
 */
export function inCurrency<Document extends object>(document: Document, currency: string): Document {
  if (currency === 'USD') return document;
  const inOwnCurrency = (_match: string, quote: string, cents: string) =>
    JSON.stringify(samplePrice(Number(cents), currency)).replaceAll('"', quote);
  const text = JSON.stringify(document)
    .replaceAll(DOLLARS, inOwnCurrency)
    .replaceAll(amountsIn('USD'), () => amountsIn(currency));
  return JSON.parse(text);
}
