const formats = new Map<string, Intl.DateTimeFormat>();

/**
 * Formats a time with the short name of its time zone: `Mar 5, 2026, 9:05 AM EST`, `5 de mar. de 2026, 11:05 BRT`.
 *
 * @param at RFC 3339
 * @param locale BCP 47
 * @param timeZone IANA
 */
export const formatDate = (at: string, locale: string, timeZone: string): string =>
  formatOf(locale, timeZone).format(new Date(at));

// Cached, because creating a format takes longer than rendering an email.
function formatOf(locale: string, timeZone: string): Intl.DateTimeFormat {
  const key = `${locale} ${timeZone}`;
  const known = formats.get(key);
  if (known) return known;
  const made = new Intl.DateTimeFormat(locale, {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: 'numeric',
    minute: '2-digit',
    timeZone,
    timeZoneName: 'short',
  });
  formats.set(key, made);
  return made;
}
