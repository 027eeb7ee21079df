import type { Knex } from 'knex';
import { canonicalEmail } from '../domain/account/canonical-email.ts';
import type { Role } from '../domain/actor.ts';
import type { EmailKind } from '../domain/order/email-kinds.ts';
import { type Database, named } from './connection.ts';
import { transact } from './transaction.ts';
import { isUniqueViolation } from './unique-violation.ts';

/** A person who can sign in: there is no row before their address is proven to be theirs, and none after they are erased. */
export interface User {
  id: string;
  email: string;
  name: string;
  role: Role;
  /** ISO 639; `null` for the shop's own. */
  language: string | null;
}

/** What a password is checked against. */
export interface StoredPassword {
  /** In PHC format. */
  hash: string;
  /** Counts the changes of the password. */
  version: number;
}

/** A person as mail about their orders finds them. */
export interface Reader extends Pick<User, 'id' | 'email' | 'name' | 'language'> {
  /** What they want no mail of. */
  unwanted: EmailKind[];
  /** Opens their choice of mails without signing in. */
  emailToken: string;
}

/** A person with the dates that only managers and they themselves are shown. */
export interface Account extends User {
  createdAt: Date;
  verifiedAt: Date;
}

/** Which people a list shows; everything given must hold. */
export interface UserFilter {
  role?: Role | undefined;
  /** The whole address, whatever its case. */
  email?: string | undefined;
  limit: number;
  /** The address of the last one on the page before. */
  after?: string | undefined;
}

/** What became of an erasure. `unknown`: there is no such person (any more); `last_manager`: the shop needs them. */
export type Erased = 'erased' | 'unknown' | 'last_manager';

/** Somebody else has that address. */
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

    /** The person behind an address, whatever its case, and the hash to check a password against. */
    async findForSignIn(email: string): Promise<{ user: User; password: StoredPassword } | undefined> {
      // Postgres refuses a text with NUL, and nobody has such an address.
      if (email.includes('\0')) return undefined;
      return withPassword(database('users').where({ canonical_email: canonicalEmail(email) }));
    },

    /** The same by id, for somebody who is signed in. @param id a UUID */
    findWithPassword: (id: string): Promise<{ user: User; password: StoredPassword } | undefined> =>
      withPassword(users().where({ id })),

    /**
     * Finds a person, whom nobody else changes before the transaction ends.
     *
     * @param id a UUID
     * @param passwordVersion finds them only while their password has this version
     */
    lock: (id: string, passwordVersion?: number): Promise<User | undefined> =>
      users()
        .where({ id, ...(passwordVersion !== undefined && { password_version: passwordVersion }) })
        .forNoKeyUpdate()
        .first(...USER),

    /** @param id a UUID */
    findReader: (id: string): Promise<Reader | undefined> => named('reader', users().where({ id }).first(READER)),

    /** Who chooses their mails by a link that was mailed. @param emailToken a UUID */
    findReaderByToken: (emailToken: string): Promise<Reader | undefined> =>
      users().where({ email_token: emailToken }).first(READER),

    /** @param wanted by kind of mail; what is left out stays as it is */
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

    /** By address. */
    async list({ role, email, limit, after }: UserFilter): Promise<Account[]> {
      const query = users().orderBy('canonical_email').limit(limit).select(ACCOUNT);
      if (role) query.where({ role });
      if (email !== undefined) query.where({ canonical_email: canonicalEmail(email) });
      if (after !== undefined) query.where('canonical_email', '>', canonicalEmail(after));
      return query;
    },

    /** @returns `undefined` when somebody else has the address */
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

    /** What is left out stays as it is. */
    async update(
      id: string,
      change: { name?: string | undefined; language?: string | null | undefined },
    ): Promise<void> {
      const renamed = change.name !== undefined && { name_changed_at: database.fn.now() };
      await users()
        .where({ id })
        .update({ ...change, ...renamed });
    },

    /** Gives a person another address, which is proven to be theirs. @throws {AddressTaken} */
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

    /** The ids of all managers, of whom none stops being one before the transaction ends. */
    managersForUpdate: (): Promise<string[]> =>
      users().where({ role: 'manager' }).orderBy('id').forUpdate().pluck('id'),

    /**
     * Removes a person and all that is kept of them, unless they are the last manager: sessions, grants and tokens go with the
     * row, and whatever was asked for their address. Their orders stay, with an id that leads to nobody.
     *
     * @param registeredAt in ms since the epoch: who got the same id later, as seeds do, is somebody else
     */
    async erase(id: string, registeredAt: number): Promise<Erased> {
      return transact(database, async (transaction) => {
        const managers = await transaction('users').where({ role: 'manager' }).orderBy('id').forUpdate().pluck('id');
        if (managers.length === 1 && managers[0] === id) return 'last_manager';
        return (await remove(transaction, id, registeredAt)) ? 'erased' : 'unknown';
      });
    },

    /**
     * The same for somebody who was erased before and came back with a backup: also for the last manager.
     *
     * @returns whether they had come back
     */
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
    // Postgres counts in microseconds.
    { id, until: new Date(registeredAt + 1) },
  );
  return rows.length > 0;
}

export type UserRepository = ReturnType<typeof createUserRepository>;
