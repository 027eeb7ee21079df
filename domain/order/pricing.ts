import { type Money, sum, times } from '../money.ts';
import type { Line } from './order.ts';

/** A requested line. */
export interface LineRequest {
  productId: string;
  variationId?: string;
  quantity: number;
}

/** A product of the catalog, with one of its variations or without a variation. */
export interface Offer extends Pick<Line, 'productId' | 'variationId' | 'product' | 'variation'> {
  /** The base price plus the variation's price delta. */
  price: Money;
  /** Whether the product and the variation are on sale and not sold out. */
  orderable: boolean;
}

/** Lines with their names and prices. */
export interface Priced {
  lines: Line[];
  total: Money;
}

export interface Unavailable {
  refused: 'product_unavailable';
  /** Indexes of the unavailable lines in the request. */
  lines: number[];
}

/** Returns the total of an order's lines. @param currency the currency of the result, even if there are no lines */
export const totalOf = (lines: readonly Line[], currency: string): Money =>
  sum(
    lines.map(({ total }) => total),
    currency,
  );

/**
 * Returns the lines of an order, with the current names and prices.
 *
 * @param offers the catalog's offers for these requests; a line without an offer is unavailable
 * @param newId returns the id of a new line
 * @param currency the shop's currency, as an ISO 4217 code
 */
export function price(
  requests: readonly LineRequest[],
  offers: readonly Offer[],
  newId: () => string,
  currency: string,
): Priced | Unavailable {
  const keyOf = ({ productId, variationId }: { productId: string; variationId?: string | null }) =>
    `${productId}/${variationId ?? ''}`;
  const menu = new Map(offers.filter(({ orderable }) => orderable).map((offer) => [keyOf(offer), offer]));
  const missing = requests.flatMap((request, index) => (menu.has(keyOf(request)) ? [] : [index]));
  if (missing.length > 0) return { refused: 'product_unavailable', lines: missing };
  const lines = requests.map((request): Line => {
    const { productId, variationId, product, variation, price: unitPrice } = menu.get(keyOf(request)) as Offer;
    const { quantity } = request;
    const total = times(unitPrice, quantity);
    return { id: newId(), productId, variationId, product, variation, quantity, unitPrice, total };
  });
  return { lines, total: totalOf(lines, currency) };
}
