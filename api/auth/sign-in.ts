import type { User, UserRepository } from '../../db/users.ts';
import type { SignInLimiter, SignInResult } from '../http/limits/sign-in-limiter.ts';
import { verifyPassword } from './password-hash.ts';
import type { PasswordVersions } from './password-versions.ts';

export interface SignInRequest {
  email: string;
  password: string;
  address: string;
}

/** Finds the user with an email address and a password. */
export type SignIn = (request: SignInRequest) => Promise<SignInResult<User>>;

interface Dependencies {
  users: UserRepository;
  limiter: SignInLimiter;
  passwordVersions: PasswordVersions;
}

/** Creates the password check of the sign-in page and of the password grant. */
export function createSignIn({ users, limiter, passwordVersions }: Dependencies): SignIn {
  return ({ email, password, address }) =>
    limiter.attempt({ account: email, address }, async () => {
      const found = await users.findForSignIn(email);
      const matches = await verifyPassword(found?.password.hash, password);
      if (!found || !matches) return undefined;
      passwordVersions.checked(found.user.id, found.password.version);
      return found.user;
    });
}
