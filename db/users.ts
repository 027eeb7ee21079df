import type { Role } from '../domain/actor.ts';
import type { EmailKind } from '../domain/order/email-kinds.ts';
import { type Database, named } from './connection.ts';

/** A person who can sign in: there is no row before their address is proven to be theirs, and none after they are erased. */
export interface User {
  id: string;
  email: string;
  name: string;
  role: Role;
  /** ISO 639; `null` for the shop's own. */
  language: string | null;
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

/** Somebody else has that address. */
export class AddressTaken extends Error {
  override name = 'AddressTaken';
}

const UNIQUE_VIOLATION = '23505';

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
        .whereRaw('lower(email) = lower(?)', [email])
        .first(...USER),

    /** What to check a password against of somebody who is signed in. */
    passwordHashOf: async (id: string): Promise<string | undefined> =>
      (await users().where({ id }).first('password_hash'))?.password_hash,

    /** By address. */
    async list({ role, email, limit, after }: UserFilter): Promise<Account[]> {
      const query = users().orderByRaw('lower(email)').limit(limit).select(ACCOUNT);
      if (role) query.where({ role });
      if (email !== undefined) query.whereRaw('lower(email) = lower(?)', [email]);
      if (after !== undefined) query.whereRaw('lower(email) > lower(?)', [after]);
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
      await users().where({ id }).update(change);
    },

    /** Gives a person another address, which is proven to be theirs. @throws {AddressTaken} */
    async setEmail(id: string, email: string): Promise<void> {
      try {
        await users().where({ id }).update({ email, verified_at: database.fn.now() });
      } catch (error) {
        if ((error as { code?: string }).code === UNIQUE_VIOLATION) throw new AddressTaken();
        throw error;
      }
    },

    async setPassword(id: string, passwordHash: string): Promise<void> {
      await users().where({ id }).update({ password_hash: passwordHash });
    },

    async setRole(id: string, role: Role): Promise<void> {
      await users().where({ id }).update({ role });
    },

    /** The ids of all managers, of whom none stops being one before the transaction ends. */
    managersForUpdate: (): Promise<string[]> =>
      users().where({ role: 'manager' }).orderBy('id').forUpdate().pluck('id'),

    /**
     * Removes a person and all that is kept of them: sessions, grants and tokens go with the row, and whatever was asked
     * for their address. Their orders stay, with an id that leads to nobody.
     *
     * @param registeredAt in ms since the epoch: who got the same id later, as seeds do, is somebody else
     * @returns whether there was anybody
     */
    async erase(id: string, registeredAt: number): Promise<boolean> {
      const { rows } = await database.raw(
        `WITH erased AS (
           DELETE FROM users WHERE id = :id AND created_at < :until RETURNING email
         ), asked AS (
           DELETE FROM account_requests WHERE lower(email) IN (SELECT lower(email) FROM erased)
         ), returned AS (
           DELETE FROM email_suppressions WHERE address_hash IN (
             SELECT encode(sha256(convert_to(lower(email), 'UTF8')), 'hex') FROM erased
           )
         )
         SELECT 1 FROM erased`,
        // Postgres counts in microseconds.
        { id, until: new Date(registeredAt + 1) },
      );
      return rows.length > 0;
    },
  };
}

export type UserRepository = ReturnType<typeof createUserRepository>;
