import type { User, UserRepository } from '../../db/users.ts';
import type { SignInLimiter, SignInResult } from '../http/limits/sign-in-limiter.ts';
import type { PasswordVersions } from './password-versions.ts';
import { verifyPassword } from './passwords.ts';

/** What somebody typed, and the address that they typed it from. */
export interface SignInRequest {
  email: string;
  password: string;
  address: string;
}

/** The person whom an email address and a password belong to: nobody when one of them is wrong, and not which. */
export type SignIn = (typed: SignInRequest) => Promise<SignInResult<User>>;

interface Dependencies {
  users: UserRepository;
  limiter: SignInLimiter;
  passwordVersions: PasswordVersions;
}

/** The one way to sign in with a password: the sign-in page and the password grant both go through it. */
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
