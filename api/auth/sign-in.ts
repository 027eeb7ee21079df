import { verifyPassword } from '../../db/passwords.ts';
import type { User, UserRepository } from '../../db/users.ts';

/** The person whom an email address and a password belong to; `undefined` when one of them is wrong, and not which. */
export type SignIn = (email: string, password: string) => Promise<User | undefined>;

/** The one way to sign in with a password: the sign-in page and the password grant both go through it. */
export function createSignIn(users: UserRepository): SignIn {
  return async (email, password) => {
    const found = await users.findForSignIn(email);
    const matches = await verifyPassword(found?.passwordHash, password);
    return matches ? found?.user : undefined;
  };
}
