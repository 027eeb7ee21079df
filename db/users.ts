import type { Role } from '../domain/actor.ts';
import type { Database } from './connection.ts';

/** A person who can sign in. */
export interface User {
  id: string;
  email: string;
  name: string;
  role: Role;
}

const USER = ['id', 'email', 'name', 'role'] as const;

export function createUserRepository(database: Database) {
  return {
    /** @param id a UUID */
    find: (id: string): Promise<User | undefined> =>
      database('users')
        .where({ id })
        .first(...USER),

    /** The person behind an address, whatever its case, and the hash to check a password against. */
    async findForSignIn(email: string): Promise<{ user: User; passwordHash: string } | undefined> {
      // Postgres refuses a text with NUL, and nobody has such an address.
      if (email.includes('\0')) return undefined;
      const row: (User & { password_hash: string }) | undefined = await database('users')
        .whereRaw('lower(email) = lower(?)', [email])
        .first(...USER, 'password_hash');
      if (!row) return undefined;
      const { password_hash: passwordHash, ...user } = row;
      return { user, passwordHash };
    },
  };
}

export type UserRepository = ReturnType<typeof createUserRepository>;
