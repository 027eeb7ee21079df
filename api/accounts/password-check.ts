import type { User, UserRepository } from '../../db/users.ts';
import { verifyPassword } from '../auth/password-hash.ts';
import type { SignInLimiter } from '../http/limits/sign-in-limiter.ts';
import { type AccountRefusal, WRONG_PASSWORD } from './refusals.ts';

/** The password with which a signed-in user confirms a change. */
export interface Confirmation {
  userId: string;
  password: string;
  /** The client's IP address. */
  address: string;
}

/** Checks the password of a signed-in user. Wrong passwords count as failed sign-ins, which are limited. */
export function createPasswordCheck(users: UserRepository, limiter: SignInLimiter) {
  return async ({
    userId,
    password,
    address,
  }: Confirmation): Promise<{ user: User; passwordVersion: number } | AccountRefusal> => {
    const stored = await users.findWithPassword(userId);
    const result = await limiter.attempt({ account: stored?.user.email ?? userId, address }, async () => {
      const matches = await verifyPassword(stored?.password.hash, password);
      return stored && matches ? { user: stored.user, passwordVersion: stored.password.version } : undefined;
    });
    return 'refused' in result ? result : (result.found ?? WRONG_PASSWORD);
  };
}

export type PasswordCheck = ReturnType<typeof createPasswordCheck>;
