import { type Money, sum, times } from '../money.ts';
import type { Line } from './order.ts';

/** A line as the customer asks for it. */
export interface LineRequest {
  productId: string;
  variationId?: string;
  quantity: number;
}

/** What the menu says of one product, or of one product in one variation. */
export interface Offer {
  productId: string;
  variationId: string | null;
  product: string;
  variation: string | null;
  /** Base price and variation together. */
  price: Money;
  /** On sale and not sold out. */
  orderable: boolean;
}

/** Lines with names and prices frozen. */
export interface Priced {
  lines: Line[];
  total: Money;
}

/** Some lines cannot be had: their indexes in the request. */
export interface Unavailable {
  refused: 'product_unavailable';
  lines: number[];
}

/**
 * Freezes names and prices of today's menu into the lines of an order (design §3).
 *
 * @param offers what the menu has for these requests; what it lacks is unavailable
 * @param newId gives every line its id
 * @param currency the shop's, ISO 4217
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
  return {
    lines,
    total: sum(
      lines.map(({ total }) => total),
      currency,
    ),
  };
}
