/**
 * Returns the canonical form of an email address, by which addresses are looked up, counted, suppressed and kept unique.
 * Lowercases ASCII letters only, as Postgres's `lower(email COLLATE "C")` does, because JavaScript and Postgres lowercase other
 * letters differently. Crema accepts no address with other letters.
 */
export const canonicalEmail = (email: string): string => email.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
