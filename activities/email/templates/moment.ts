/**
 * A moment as people write it: `Mar 5, 2026, 2:05 PM UTC`.
 *
 * @param at RFC 3339
 * @param locale BCP 47
 */
export const writeMoment = (at: string, locale: string): string =>
  `${new Date(at).toLocaleString(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' })} UTC`;
