import { type Money, sum, times } from '../money.ts';
import { areTooLarge, type Line, type LineOption, type TooLarge } from './order.ts';

/** A requested line. */
export interface LineRequest {
  productId: string;
  variationId?: string;
  quantity: number;
  options?: OptionRequest[];
  note?: string;
}

/** A requested option of a line. */
export interface OptionRequest {
  optionId: string;
  /** For each unit of the line. */
  quantity: number;
}

/** A product on sale, with its variations and options. The price of a variation includes the product's price. Prices of options are added. */
export interface Offer {
  productId: string;
  product: string;
  price: Money;
  /** Whether the product is not sold out. */
  orderable: boolean;
  variations: { id: string; name: string; price: Money; orderable: boolean }[];
  optionGroups: OfferedGroup[];
}

interface OfferedGroup {
  id: string;
  name: string;
  /** The least and the most options of the group that a line may have. Quantities count. */
  min: number;
  max: number;
  options: { id: string; name: string; priceDelta: Money; orderable: boolean }[];
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

export interface OptionsInvalid {
  refused: 'options_invalid';
  faults: OptionFault[];
}

/** A fault of one option (its index in the line), or of the number of options of a group. */
type Fault =
  | { why: 'unknown' | 'repeated' | 'sold_out'; option: number }
  | { why: 'too_few' | 'too_many'; group: string; limit: number };

export type OptionFault = Fault & { line: number };

/** The reason why lines cannot be priced. */
export type PricingRefusal = Unavailable | OptionsInvalid | TooLarge;

/** Returns the total of an order's lines. @param currency the currency of the result, even if there are no lines */
export const totalOf = (lines: readonly Line[], currency: string): Money =>
  sum(
    lines.map(({ total }) => total),
    currency,
  );

/**
 * Returns the lines of an order, with the current names and prices.
 *
 * @param offers the catalog's offers for the requested products; a line without an offer is unavailable
 * @param newId returns the id of a new line
 * @param currency the shop's currency, as an ISO 4217 code
 */
export function price(
  requests: readonly LineRequest[],
  offers: readonly Offer[],
  newId: () => string,
  currency: string,
): Priced | PricingRefusal {
  const menu = new Map(offers.map((offer) => [offer.productId, offer]));
  const offered = requests.map((request) => itemOf(request, menu.get(request.productId)));
  const missing = offered.flatMap((item, index) => (item ? [] : [index]));
  if (missing.length > 0) return { refused: 'product_unavailable', lines: missing };

  const items = offered.filter((item) => item !== undefined);
  const faults = items.flatMap(({ request, offer }, line) =>
    optionFaults(request.options ?? [], offer.optionGroups).map((fault) => ({ line, ...fault })),
  );
  if (faults.length > 0) return { refused: 'options_invalid', faults };

  const lines = items.map((item) => lineOf(item, newId()));
  return areTooLarge(lines) ? { refused: 'order_too_large' } : { lines, total: totalOf(lines, currency) };
}

/** A requested line, and the product and variation that it names. */
interface Item {
  request: LineRequest;
  offer: Offer;
  variation: Offer['variations'][number] | null;
}

/** Returns the item of a line; undefined if its product or variation is not on sale or is sold out. */
function itemOf(request: LineRequest, offer: Offer | undefined): Item | undefined {
  if (!offer?.orderable) return undefined;
  if (request.variationId === undefined) return { request, offer, variation: null };
  const variation = offer.variations.find(({ id }) => id === request.variationId);
  return variation?.orderable ? { request, offer, variation } : undefined;
}

function optionFaults(requests: readonly OptionRequest[], groups: readonly OfferedGroup[]): Fault[] {
  const offered = new Map(groups.flatMap(({ options }) => options).map((option) => [option.id, option]));
  const seen = new Set<string>();
  const faults = requests.flatMap(({ optionId }, option): Fault[] => {
    const found = offered.get(optionId);
    if (!found) return [{ why: 'unknown', option }];
    const isRepeated = seen.has(optionId);
    seen.add(optionId);
    if (isRepeated) return [{ why: 'repeated', option }];
    return found.orderable ? [] : [{ why: 'sold_out', option }];
  });
  return [...faults, ...groups.flatMap((group) => limitFaults(requests, group))];
}

function limitFaults(requests: readonly OptionRequest[], { name: group, min, max, options }: OfferedGroup): Fault[] {
  const ids = new Set(options.map(({ id }) => id));
  const count = requests.reduce((total, { optionId, quantity }) => total + (ids.has(optionId) ? quantity : 0), 0);
  if (count < min) return [{ why: 'too_few', group, limit: min }];
  return count > max ? [{ why: 'too_many', group, limit: max }] : [];
}

function lineOf({ request, offer, variation }: Item, id: string): Line {
  const { quantity, note } = request;
  const options = request.options?.flatMap((option) => lineOptionsOf(option, offer.optionGroups)) ?? [];
  const { price } = variation ?? offer;
  const unitPrice = sum([price, ...options.map((option) => times(option.unitPrice, option.quantity))], price.currency);
  return {
    id,
    productId: offer.productId,
    variationId: variation?.id ?? null,
    product: offer.product,
    variation: variation?.name ?? null,
    quantity,
    ...(options.length > 0 && { options }),
    ...(note && { note }),
    unitPrice,
    total: times(unitPrice, quantity),
  };
}

const lineOptionsOf = ({ optionId, quantity }: OptionRequest, groups: readonly OfferedGroup[]): LineOption[] =>
  groups.flatMap(({ name: group, options }) =>
    options
      .filter(({ id }) => id === optionId)
      .map(({ id, name, priceDelta }) => ({ id, group, name, quantity, unitPrice: priceDelta })),
  );
