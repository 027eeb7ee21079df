import type { MenuItem, MenuOptionGroup, Money, OrderLine, OrderLineRequest } from '../client/index.ts';

/** The highest quantity of a line that the API accepts. */
export const MAX_QUANTITY = 99;

/** What a person chooses of one product, before it becomes a line of an order. */
export interface LineDraft {
  variationId: string | null;
  /** The numbers of options by their ids, for each unit of the line. */
  options: Record<string, number>;
  quantity: number;
  note: string;
}

/** Whether the product is offered without a variation: not if it has a variation at the same price, such as “Regular”. */
export const hasPlain = ({ price, variations }: Pick<MenuItem, 'price' | 'variations'>): boolean =>
  !variations.some((variation) => variation.price.amount === price.amount);

/** Whether a group is a question with exactly one answer. */
export const hasOneAnswer = ({ min, max }: MenuOptionGroup): boolean => min === 1 && max === 1;

/** Returns the number of chosen options of a group. */
export const countOf = ({ options }: MenuOptionGroup, draft: LineDraft): number =>
  options.reduce((count, { id }) => count + (draft.options[id] ?? 0), 0);

/** Returns a draft with the first available answers to the questions that need one. */
export function newDraft(item: MenuItem): LineDraft {
  const firsts = item.optionGroups
    .filter(hasOneAnswer)
    .flatMap(({ options }) => options.filter(({ available }) => available).slice(0, 1));
  return {
    variationId: hasPlain(item) ? null : (item.variations.find(({ available }) => available)?.id ?? null),
    options: Object.fromEntries(firsts.map(({ id }) => [id, 1])),
    quantity: 1,
    note: '',
  };
}

/** Returns the draft of an existing line, for changing it. */
export const draftOf = ({ variationId, options, quantity, note }: OrderLine): LineDraft => ({
  variationId,
  options: Object.fromEntries(options.map((option) => [option.id, option.quantity])),
  quantity,
  note: note ?? '',
});

/** Whether the product, its variation and the numbers of its options can be ordered. */
export const isComplete = (item: MenuItem, draft: LineDraft): boolean =>
  item.available &&
  (draft.variationId === null
    ? hasPlain(item)
    : item.variations.some(({ id, available }) => id === draft.variationId && available)) &&
  item.optionGroups.every((group) => {
    const count = countOf(group, draft);
    const isSoldOut = group.options.some(({ id, available }) => !available && draft.options[id]);
    return count >= group.min && count <= group.max && !isSoldOut;
  });

/** Returns the line of an order with today's names and prices. Options that the product does not have are left out. */
export function lineOf(item: MenuItem, draft: LineDraft, id: string = crypto.randomUUID()): OrderLine {
  const variation = item.variations.find((each) => each.id === draft.variationId);
  const base = variation?.price ?? item.price;
  const options = item.optionGroups.flatMap((group) =>
    group.options.flatMap(({ id: optionId, name, priceDelta }) => {
      const quantity = draft.options[optionId] ?? 0;
      return quantity > 0 ? [{ id: optionId, group: group.name, name, quantity, unitPrice: priceDelta }] : [];
    }),
  );
  const unit = options.reduce((sum, { unitPrice, quantity }) => sum + unitPrice.amount * quantity, base.amount);
  return {
    id,
    productId: item.id,
    variationId: variation?.id ?? null,
    product: item.name,
    variation: variation?.name ?? null,
    quantity: draft.quantity,
    options,
    note: draft.note.trim() || null,
    unitPrice: { ...base, amount: unit },
    total: { ...base, amount: unit * draft.quantity },
  };
}

/** Returns the sum of lines. Without lines, it has no currency. */
export const totalOf = (lines: OrderLine[]): Money => ({
  amount: lines.reduce((sum, { total }) => sum + total.amount, 0),
  currency: lines[0]?.total.currency ?? '',
});

/** Returns a line as `POST /v1/orders` takes it. */
export const requestOf = ({ productId, variationId, quantity, options, note }: OrderLine): OrderLineRequest => ({
  productId,
  quantity,
  ...(variationId && { variationId }),
  ...(options.length > 0 && { options: options.map(({ id, quantity }) => ({ optionId: id, quantity })) }),
  ...(note && { note }),
});

/** Returns the lowest price of the product, and whether it is the only one without extras. */
export function lowestPrice({ price, variations, ...item }: MenuItem): { price: Money; isOnly: boolean } {
  const prices = variations.filter(({ available }) => available).map((variation) => variation.price);
  if (hasPlain({ price, variations }) || prices.length === 0) prices.push(price);
  const answers = item.optionGroups.filter(hasOneAnswer).flatMap(({ options }) => options);
  const isOnly = prices.every(({ amount }) => amount === prices[0]?.amount);
  return {
    price: prices.reduce((lowest, each) => (each.amount < lowest.amount ? each : lowest)),
    isOnly: isOnly && answers.every(({ priceDelta }) => priceDelta.amount === 0),
  };
}
