import type { Choice } from '../domain/catalog/choices.ts';

/** A row of `variations` or `options`. The price is in the currency of the product or option group. */
export interface ChoiceRow extends Pick<Choice, 'id' | 'name' | 'available' | 'position'> {
  price_delta: number;
  available_again_at: Date | null;
  deleted_at: Date | null;
}

/** The columns of a {@link ChoiceRow}. */
export const CHOICE_COLUMNS = [
  'id',
  'name',
  'price_delta',
  'available',
  'available_again_at',
  'position',
  'deleted_at',
] as const;

export function toChoice(row: ChoiceRow, currency: string): Choice {
  const { id, name, price_delta, available, available_again_at, position, deleted_at } = row;
  return {
    id,
    name,
    priceDelta: { amount: price_delta, currency },
    available,
    availableAgainAt: available_again_at?.toISOString() ?? null,
    position,
    deletedAt: deleted_at?.toISOString() ?? null,
  };
}

export function toChoiceRow({ priceDelta, availableAgainAt, deletedAt, ...fields }: Choice) {
  return { ...fields, price_delta: priceDelta.amount, available_again_at: availableAgainAt, deleted_at: deletedAt };
}
