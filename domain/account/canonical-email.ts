/**
 * Returns the canonical form of an email address: with it, addresses are looked up, counted, suppressed and kept unique.
 * Only ASCII letters are folded, as in Postgres's `lower(email COLLATE "C")`, which the stored ones are made with: other
 * rules differ between the two (JavaScript has no single small letter for `İ`), and no address that Crema accepts has
 * other letters.
 */
export const canonicalEmail = (email: string): string => email.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
