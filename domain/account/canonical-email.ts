/**
 * Returns the canonical form of an email address, by which addresses are looked up, counted, suppressed and kept unique. It
 * lowercases ASCII letters only, as Postgres's `lower(email COLLATE "C")` does. Other letters have different rules in
 * JavaScript and Postgres, and Crema accepts no address with them.
 */
export const canonicalEmail = (email: string): string => email.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
