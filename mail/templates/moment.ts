const formats = new Map<string, Intl.DateTimeFormat>();

/**
 * A moment as people write it: `Mar 5, 2026, 2:05 PM UTC`.
 *
 * @param at RFC 3339
 * @param locale BCP 47
 */
export const writeMoment = (at: string, locale: string): string => `${formatOf(locale).format(new Date(at))} UTC`;

// A format takes longer to make than a whole email to fill.
function formatOf(locale: string): Intl.DateTimeFormat {
  const known = formats.get(locale);
  if (known) return known;
  const made = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });
  formats.set(locale, made);
  return made;
}
