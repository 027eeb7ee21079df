/** The pauses between the attempts at a delivery, in ms. */
export interface RetryPlan {
  /** The pause after the first failure. Each further pause is {@link GROWTH} times as long. */
  first: number;
  longest: number;
  /** How long a delivery is retried in total. */
  limit: number;
}

/** The factor from one pause to the next. */
export const GROWTH = 3;

/**
 * Returns the pause before the next attempt, in ms.
 *
 * @param failures the number of failures so far, at least one
 * @param random from 0 to 1; varies the pause by up to 20 %, up or down, but only lengthens a requested pause
 * @param requested the pause that the endpoint requests, in ms; at least `first` and at most `longest` is used
 */
export function pauseAfter(
  failures: number,
  { first, longest }: RetryPlan,
  random: number,
  requested?: number,
): number {
  if (requested !== undefined) {
    return Math.round(Math.min(Math.max(requested, first), longest) * (1 + 0.2 * random));
  }
  return Math.round(Math.min(first * GROWTH ** (failures - 1), longest) * (0.8 + 0.4 * random));
}

/**
 * Returns the pause that an endpoint requests with `Retry-After` in a 429 or 503 response, in ms (RFC 9110 §10.2.3).
 *
 * @param now in ms since the epoch
 * @returns undefined for another status, or if the header is missing or malformed
 */
export function requestedPause(status: number, retryAfter: string | undefined, now: number): number | undefined {
  if (status !== 429 && status !== 503) return undefined;
  const text = retryAfter?.trim() ?? '';
  if (/^\d+$/.test(text)) return Number(text) * 1_000;
  const until = /^[A-Z][a-z]{2},? .* GMT$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(until) ? undefined : Math.max(until - now, 0);
}
