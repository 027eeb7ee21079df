import { randomUUID } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import { lengthOf } from '../../domain/text.ts';

/** argon2id (the default of `@node-rs/argon2`) at OWASP's recommended cost: 19 MiB, two passes, one lane. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Normalizes a password, because keyboards may compose the same characters differently (NIST SP 800-63B, 3.1.1.2). */
export const normalizePassword = (password: string): string => password.normalize('NFKC');

/** Returns a salted argon2id hash in PHC format. */
export const hashPassword = (password: string): Promise<string> => hash(normalizePassword(password), COST);

const unknownUsersHash = hashPassword(randomUUID());

/**
 * The length of the longest text that is normalized, in Unicode code points. A longer text takes time to normalize, but cannot
 * be right, because accepted passwords are shorter.
 */
export const MAX_TYPED = 1_000;

/**
 * Returns whether a password matches a hash. For an unknown user, whose hash is `undefined`, it does the same work and returns
 * false, so that the response time does not reveal which addresses have an account.
 */
export async function verifyPassword(passwordHash: string | undefined, password: string): Promise<boolean> {
  const typed = lengthOf(password) > MAX_TYPED ? '' : normalizePassword(password);
  const matches = await verify(passwordHash ?? (await unknownUsersHash), typed);
  return matches && passwordHash !== undefined;
}
