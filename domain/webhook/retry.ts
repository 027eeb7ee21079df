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
 * @param dice 0 to 1: spreads those that failed together by a fifth: in either direction, or upward from what was asked for
 * @param asked how long the endpoint wants to be left alone, in ms: heeded from the first pause up to the longest
 */
export function pauseAfter(
  failures: number,
  { first, longest }: RetryPlan,
  dice: number,
  asked?: number | undefined,
): number {
  if (asked !== undefined) return Math.round(Math.min(Math.max(asked, first), longest) * (1 + 0.2 * dice));
  return Math.round(Math.min(first * GROWTH ** (failures - 1), longest) * (0.8 + 0.4 * dice));
}

/**
 * How long an endpoint wants to be left alone, in ms: `Retry-After` of a 429 or a 503 (RFC 9110 §10.2.3).
 *
 * @param now in ms since 1970
 * @returns nothing when it does not say so, or cannot be read
 */
export function askedPause(status: number, retryAfter: string | undefined, now: number): number | undefined {
  if (status !== 429 && status !== 503) return undefined;
  const text = retryAfter?.trim() ?? '';
  if (/^\d+$/.test(text)) return Number(text) * 1_000;
  const until = /^[A-Z][a-z]{2},? .* GMT$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(until) ? undefined : Math.max(until - now, 0);
}
