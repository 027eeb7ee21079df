/** How a delivery is tried again; all in ms. */
export interface RetryPlan {
  /** The pause after the first failure; each further one is three times as long. */
  first: number;
  longest: number;
  /** For how long it is tried altogether. */
  limit: number;
}

const GROWTH = 3;

/**
 * The pause before the next attempt, in ms.
 *
 * @param failures so far, at least one
 * @param dice 0 to 1: spreads those that failed together by a fifth in either direction
 */
export function pauseAfter(failures: number, { first, longest }: RetryPlan, dice: number): number {
  return Math.round(Math.min(first * GROWTH ** (failures - 1), longest) * (0.8 + 0.4 * dice));
}
