import { randomUUID } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import { lengthOf } from '../../domain/text.ts';

/** argon2id, the library's default algorithm, with OWASP's first choice of cost: 19 MiB, two passes, one lane. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** The same password however a keyboard puts its characters together (NIST SP 800-63B, 3.1.1.2). */
export const normalizePassword = (password: string): string => password.normalize('NFKC');

/** A salted argon2id hash in PHC format. */
export const hashPassword = (password: string): Promise<string> => hash(normalizePassword(password), COST);

const nobodysHash = hashPassword(randomUUID());

/** Longest text that is looked at, in Unicode code points: no password is so long, and putting characters together takes time. */
export const MAX_TYPED = 1_000;

/**
 * Whether a password is the one that was hashed.
 *
 * @param passwordHash `undefined` when there is no such user: always false, after as much work as for a real one, so
 *   that the time tells nobody who is registered
 */
export async function verifyPassword(passwordHash: string | undefined, password: string): Promise<boolean> {
  const typed = lengthOf(password) > MAX_TYPED ? '' : normalizePassword(password);
  const matches = await verify(passwordHash ?? (await nobodysHash), typed);
  return matches && passwordHash !== undefined;
}
