import type { Knex } from 'knex';
import { canonicalEmail } from '../domain/account/canonical-email.ts';
import type { Role } from '../domain/actor.ts';
import type { EmailKind } from '../domain/order/email-kinds.ts';
import { type Database, named } from './connection.ts';
import { transact } from './transaction.ts';
import { isUniqueViolation } from './unique-violation.ts';

/** A user. Rows exist from the verification of the email address until erasure. */
export interface User {
  id: string;
  email: string;
  name: string;
  role: Role;
  /** ISO 639; `null` for the shop's language. */
  language: string | null;
}

export interface StoredPassword {
  /** In PHC format. */
  hash: string;
  /** Counts the changes of the password. */
  version: number;
}

/** A user as the recipient of emails about orders. */
export interface Reader extends Pick<User, 'id' | 'email' | 'name' | 'language'> {
  /** The kinds of email that they have turned off. */
  unwanted: EmailKind[];
  /** Opens their email preferences without signing in. */
  emailToken: string;
}

/** A user with the dates that only managers and the user can read. */
export interface Account extends User {
  createdAt: Date;
  verifiedAt: Date;
}

export interface UserFilter {
  role?: Role | undefined;
  /** The whole address, in any case. */
  email?: string | undefined;
  limit: number;
  /** The address of the last user of the previous page. */
  after?: string | undefined;
}

/** The result of an erasure. `unknown`: there is no such user; `last_manager`: the shop must keep one. */
export type Erased = 'erased' | 'unknown' | 'last_manager';

/** Another user has this address. */
export class AddressTaken extends Error {
  override name = 'AddressTaken';
}

const USER = ['id', 'email', 'name', 'role', 'language'] as const;
const READER = {
  id: 'id',
  email: 'email',
  name: 'name',
  language: 'language',
  unwanted: 'unwanted_emails',
  emailToken: 'email_token',
};
const ACCOUNT = {
  id: 'id',
  email: 'email',
  name: 'name',
  role: 'role',
  language: 'language',
  createdAt: 'created_at',
  verifiedAt: 'verified_at',
};

export function createUserRepository(database: Database) {
  const users = () => database('users');

  async function withPassword(query: Knex.QueryBuilder): Promise<{ user: User; password: StoredPassword } | undefined> {
    const row = await query.first(...USER, 'password_hash', 'password_version');
    if (!row) return undefined;
    const { password_hash: hash, password_version: version, ...user } = row;
    return { user, password: { hash, version } };
  }

  return {
    /** @param id a UUID */
    find: (id: string): Promise<User | undefined> =>
      database('users')
        .where({ id })
        .first(...USER),

    /** Returns the user with this address, in any case. */
    async findForSignIn(email: string): Promise<{ user: User; password: StoredPassword } | undefined> {
      // Postgres rejects NUL, and no user has such an address.
      if (email.includes('\0')) return undefined;
      return withPassword(database('users').where({ canonical_email: canonicalEmail(email) }));
    },

    /** @param id a UUID */
    findWithPassword: (id: string): Promise<{ user: User; password: StoredPassword } | undefined> =>
      withPassword(users().where({ id })),

    /**
     * Locks a user until the end of the transaction.
     *
     * @param id a UUID
     * @param passwordVersion returns undefined if the password has another version
     */
    lock: (id: string, passwordVersion?: number): Promise<User | undefined> =>
      users()
        .where({ id, ...(passwordVersion !== undefined && { password_version: passwordVersion }) })
        .forNoKeyUpdate()
        .first(...USER),

    /** @param id a UUID */
    findReader: (id: string): Promise<Reader | undefined> => named('reader', users().where({ id }).first(READER)),

    /** @param emailToken a UUID */
    findReaderByToken: (emailToken: string): Promise<Reader | undefined> =>
      users().where({ email_token: emailToken }).first(READER),

    /** @param wanted by kind of email; others keep their value */
    async chooseEmails(id: string, wanted: Partial<Record<EmailKind, boolean | undefined>>): Promise<void> {
      const chosen = Object.keys(wanted);
      const unwanted = chosen.filter((kind) => wanted[kind as EmailKind] === false);
      await users()
        .where({ id })
        .update({
          unwanted_emails: database.raw(
            'ARRAY(SELECT kind FROM unnest(unwanted_emails) kind WHERE kind <> ALL (?::text[]) UNION SELECT unnest(?::text[]))',
            [chosen, unwanted],
          ),
        });
    },

    findAccount: (id: string): Promise<Account | undefined> => users().where({ id }).first(ACCOUNT),

    findByEmail: (email: string): Promise<User | undefined> =>
      users()
        .where({ canonical_email: canonicalEmail(email) })
        .first(...USER),

    /** Returns users by address. */
    async list({ role, email, limit, after }: UserFilter): Promise<Account[]> {
      const query = users().orderBy('canonical_email').limit(limit).select(ACCOUNT);
      if (role) query.where({ role });
      if (email !== undefined) query.where({ canonical_email: canonicalEmail(email) });
      if (after !== undefined) query.where('canonical_email', '>', canonicalEmail(after));
      return query;
    },

    /** @returns `undefined` if another user has the address */
    async create({ passwordHash, ...user }: User & { passwordHash: string }): Promise<Account | undefined> {
      const [created] = await users()
        .insert({ ...user, password_hash: passwordHash })
        .onConflict()
        .ignore()
        .returning(Object.values(ACCOUNT));
      if (!created) return undefined;
      const { created_at: createdAt, verified_at: verifiedAt, ...known } = created;
      return { ...known, createdAt, verifiedAt };
    },

    async update(
      id: string,
      change: { name?: string | undefined; language?: string | null | undefined },
    ): Promise<void> {
      const renamed = change.name !== undefined && { name_changed_at: database.fn.now() };
      await users()
        .where({ id })
        .update({ ...change, ...renamed });
    },

    /** Saves a verified address. @throws {AddressTaken} */
    async setEmail(id: string, email: string): Promise<void> {
      try {
        await users().where({ id }).update({ email, verified_at: database.fn.now() });
      } catch (error) {
        if (isUniqueViolation(error)) throw new AddressTaken();
        throw error;
      }
    },

    async setPassword(id: string, passwordHash: string): Promise<void> {
      await users()
        .where({ id })
        .update({ password_hash: passwordHash, password_version: database.raw('password_version + 1') });
    },

    async setRole(id: string, role: Role): Promise<void> {
      await users().where({ id }).update({ role });
    },

    /** Returns the ids of all managers and locks them until the end of the transaction. */
    managersForUpdate: (): Promise<string[]> =>
      users().where({ role: 'manager' }).orderBy('id').forUpdate().pluck('id'),

    /**
     * Deletes a user, unless they are the last manager, with their sessions, grants, tokens and account requests. Their orders
     * stay, with the id of a deleted user.
     *
     * @param registeredAt in ms since the epoch: a user who got the same id later, as seeds do, is not deleted
     */
    async erase(id: string, registeredAt: number): Promise<Erased> {
      return transact(database, async (transaction) => {
        const managers = await transaction('users').where({ role: 'manager' }).orderBy('id').forUpdate().pluck('id');
        if (managers.length === 1 && managers[0] === id) return 'last_manager';
        return (await remove(transaction, id, registeredAt)) ? 'erased' : 'unknown';
      });
    },

    /** Deletes an erased user whom a restored backup contains, even the last manager. @returns whether it contained them */
    eraseAgain: (id: string, registeredAt: number): Promise<boolean> => remove(database, id, registeredAt),
  };
}

async function remove(database: Database, id: string, registeredAt: number): Promise<boolean> {
  const { rows } = await database.raw(
    `WITH erased AS (
       DELETE FROM users WHERE id = :id AND created_at < :until RETURNING canonical_email
     ), asked AS (
       DELETE FROM account_requests WHERE canonical_email IN (SELECT canonical_email FROM erased)
     ), returned AS (
       DELETE FROM email_suppressions WHERE address_hash IN (
         SELECT encode(sha256(convert_to(canonical_email, 'UTF8')), 'hex') FROM erased
       )
     )
     SELECT 1 FROM erased`,
    // Postgres has microseconds.
    { id, until: new Date(registeredAt + 1) },
  );
  return rows.length > 0;
}

export type UserRepository = ReturnType<typeof createUserRepository>;
