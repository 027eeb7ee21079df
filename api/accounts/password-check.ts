import type { User, UserRepository } from '../../db/users.ts';
import { verifyPassword } from '../auth/passwords.ts';
import type { SignInLimiter, SignInResult } from '../http/limits/sign-in-limiter.ts';

/** Somebody who is signed in, the password that they typed to confirm a change, and the address that they typed it from. */
export interface Confirmation {
  userId: string;
  password: string;
  address: string;
}

/** A person whose password was right, and its version. */
export interface Confirmed {
  user: User;
  passwordVersion: number;
}

/** Checks the password of somebody who is signed in. Wrong ones count against the same limits as those of a sign-in. */
export type PasswordCheck = (typed: Confirmation) => Promise<SignInResult<Confirmed>>;

export function createPasswordCheck(users: UserRepository, limiter: SignInLimiter): PasswordCheck {
  return async ({ userId, password, address }) => {
    const known = await users.findWithPassword(userId);
    return limiter.attempt({ account: known?.user.email ?? userId, address }, async () => {
      const matches = await verifyPassword(known?.password.hash, password);
      return known && matches ? { user: known.user, passwordVersion: known.password.version } : undefined;
    });
  };
}
