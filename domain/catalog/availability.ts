/** Whether an item of the catalog can be ordered. */
export interface Availability {
  /** `false`: sold out. The item stays on the menu, but cannot be ordered. */
  available: boolean;
  /** When a sold-out item is available again, in RFC 3339 UTC; null: not known, or the item is available. */
  availableAgainAt: string | null;
}

export const AVAILABLE: Availability = { available: true, availableAgainAt: null };

/** Returns an item as of `now`: available if its `availableAgainAt` has passed. Returns the same object if nothing changes. */
export const asOf = <Item extends Availability>(item: Item, now: string): Item =>
  item.availableAgainAt !== null && (item.available || item.availableAgainAt <= now) ? { ...item, ...AVAILABLE } : item;

/**
 * Returns an item after a change of its availability. A change of `availableAgainAt` alone marks the item as sold out.
 *
 * @param item as of `now`
 */
export function withAvailability<Item extends Availability>(
  item: Item,
  { available, availableAgainAt = item.availableAgainAt }: Partial<Availability>,
  now: string,
): Item {
  if (available) return { ...item, ...AVAILABLE };
  const isSoldOut = available === false || availableAgainAt !== null || !item.available;
  return isSoldOut ? asOf({ ...item, available: false, availableAgainAt }, now) : item;
}
