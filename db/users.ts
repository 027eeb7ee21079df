import type { Knex } from 'knex';
import { canonicalEmail } from '../domain/account/canonical-email.ts';
import type { Role } from '../domain/actor.ts';
import type { EmailKind } from '../domain/order/email-kinds.ts';
import type { ReturnedAs } from '../domain/order/suppression-reason.ts';
import type { Database } from './connection.ts';
import { prepare } from './prepared-statement.ts';
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
  createdAt: Date;
  verifiedAt: Date;
}

type NewUser = Omit<User, 'createdAt' | 'verifiedAt'> & { passwordHash: string };

interface UserWithPassword {
  user: User;
  /** `hash` is in PHC format; `version` counts the changes of the password. */
  password: { hash: string; version: number };
}

/** A user as the recipient of emails about orders. */
export interface Reader extends Pick<User, 'id' | 'email' | 'name' | 'language'> {
  /** The kinds of email that they have turned off. */
  unwanted: EmailKind[];
  /** Opens their email preferences without signing in. */
  emailToken: string;
  /** Why their address gets no email; null if it gets email. */
  returned: ReturnedAs | null;
}

interface UserFilter {
  role?: Role | undefined;
  /** The whole address, in upper or lower case. */
  email?: string | undefined;
  limit: number;
  /** The address of the last user of the previous page. */
  after?: string | undefined;
}

/** The result of an erasure. `unknown`: there is no such user. `last_manager`: not erased, because the shop must keep a manager. */
export type Erased = 'erased' | 'unknown' | 'last_manager';

/** Another user has this address. */
export class AddressTaken extends Error {
  override name = 'AddressTaken';
}

const USER = ['id', 'email', 'name', 'role', 'language', 'created_at as createdAt', 'verified_at as verifiedAt'];

/** The hash of an address, by which `email_suppressions` stores it. */
const ADDRESS_HASH = "encode(sha256(convert_to(canonical_email, 'UTF8')), 'hex')";

const readerWhere = (condition: string) => `
  SELECT id, email, name, language, unwanted_emails AS unwanted, email_token AS "emailToken", s.reason AS returned
  FROM users LEFT JOIN email_suppressions s ON s.address_hash = ${ADDRESS_HASH}
  WHERE ${condition}`;

const findReader = prepare<Reader>('reader', readerWhere('id = :id'));
const findReaderByToken = prepare<Reader>('reader-by-token', readerWhere('email_token = :emailToken'));

/** Stores users. Callers must check that every `id` and `emailToken` is a UUID, because Postgres rejects other texts. */
export function createUserRepository(database: Database) {
  const users = () => database('users');
  const byId = (id: string) => users().where({ id });
  const byEmail = (email: string) => users().where({ canonical_email: canonicalEmail(email) });

  return {
    find: (id: string): Promise<User | undefined> => byId(id).first(USER),

    findByEmail: (email: string): Promise<User | undefined> => byEmail(email).first(USER),

    findWithPassword: (id: string): Promise<UserWithPassword | undefined> => withPassword(byId(id)),

    async findForSignIn(email: string): Promise<UserWithPassword | undefined> {
      // An address with NUL is not looked up: Postgres rejects such text, so no user can have the address.
      return email.includes('\0') ? undefined : withPassword(byEmail(email));
    },

    /** @param id null for a counter order, which has no reader */
    findReader: async (id: string | null): Promise<Reader | undefined> =>
      id === null ? undefined : (await findReader(database, { id })).rows[0],

    findReaderByToken: async (emailToken: string): Promise<Reader | undefined> =>
      (await findReaderByToken(database, { emailToken })).rows[0],

    /** Returns users in the order of their addresses. */
    async list({ role, email, limit, after }: UserFilter): Promise<User[]> {
      const query = users().orderBy('canonical_email').limit(limit).select(USER);
      if (role) query.where({ role });
      if (email !== undefined) query.where({ canonical_email: canonicalEmail(email) });
      if (after !== undefined) query.where('canonical_email', '>', canonicalEmail(after));
      return query;
    },

    /**
     * Locks a user until the end of the transaction.
     *
     * @param passwordVersion if given, returns undefined if the user's password has another version
     */
    lock: (id: string, passwordVersion?: number): Promise<User | undefined> =>
      byId(id)
        .where(passwordVersion === undefined ? {} : { password_version: passwordVersion })
        .forNoKeyUpdate()
        .first(USER),

    /** Returns the ids of all managers and locks them until the end of the transaction. */
    managersForUpdate: (): Promise<string[]> =>
      users().where({ role: 'manager' }).orderBy('id').forUpdate().pluck('id'),

    /** @returns `undefined` if another user has the address */
    async create({ passwordHash, ...user }: NewUser): Promise<User | undefined> {
      const row = { ...user, password_hash: passwordHash };
      const [created] = await users().insert(row).onConflict().ignore().returning(USER);
      return created;
    },

    async update(id: string, change: Partial<Pick<User, 'name' | 'language' | 'role'>>): Promise<void> {
      const renamed = change.name !== undefined && { name_changed_at: database.fn.now() };
      await byId(id).update({ ...change, ...renamed });
    },

    /** Saves a verified address. @throws {AddressTaken} */
    async setEmail(id: string, email: string): Promise<void> {
      try {
        await byId(id).update({ email, verified_at: database.fn.now() });
      } catch (error) {
        if (isUniqueViolation(error)) throw new AddressTaken();
        throw error;
      }
    },

    async setPassword(id: string, passwordHash: string): Promise<void> {
      const version = database.raw('password_version + 1');
      await byId(id).update({ password_hash: passwordHash, password_version: version });
    },

    /** @param wanted by kind of email; omitted kinds keep their value */
    async chooseEmails(id: string, wanted: Partial<Record<EmailKind, boolean | undefined>>): Promise<void> {
      const chosen = Object.keys(wanted);
      const unwanted = chosen.filter((kind) => wanted[kind as EmailKind] === false);
      await byId(id).update({ unwanted_emails: database.raw(CHOOSE_EMAILS, { chosen, unwanted }) });
    },

    /**
     * Deletes a user with their sessions, grants, tokens and account requests, unless the user is the last manager. Their orders
     * stay, with the id of the deleted user.
     *
     * @param registeredAt in ms since the epoch; a user registered later with the same id, such as a seeded user, is not deleted
     */
    erase: (id: string, registeredAt: number): Promise<Erased> =>
      transact(database, async (transaction) => {
        const repository = createUserRepository(transaction);
        const managers = await repository.managersForUpdate();
        if (managers.length === 1 && managers[0] === id) return 'last_manager';
        return (await repository.eraseAgain(id, registeredAt)) ? 'erased' : 'unknown';
      }),

    /** Deletes an erased user again after a backup was restored, even the last manager. @returns whether the user existed */
    async eraseAgain(id: string, registeredAt: number): Promise<boolean> {
      // `created_at` has microseconds, but `registeredAt` only ms. The limit therefore includes the whole millisecond.
      const { rows } = await database.raw(ERASE, { id, until: new Date(registeredAt + 1) });
      return rows.length > 0;
    },
  };
}

export type UserRepository = ReturnType<typeof createUserRepository>;

const CHOOSE_EMAILS = `ARRAY(
  SELECT kind FROM unnest(unwanted_emails) kind WHERE kind <> ALL (:chosen::text[])
  UNION SELECT unnest(:unwanted::text[])
)`;

const ERASE = `
  WITH erased AS (
    DELETE FROM users WHERE id = :id AND created_at < :until RETURNING canonical_email
  ), requests AS (
    DELETE FROM account_requests WHERE canonical_email IN (SELECT canonical_email FROM erased)
  ), suppressions AS (
    DELETE FROM email_suppressions WHERE address_hash IN (SELECT ${ADDRESS_HASH} FROM erased)
  )
  SELECT 1 FROM erased`;

async function withPassword(query: Knex.QueryBuilder): Promise<UserWithPassword | undefined> {
  const row = await query.first(...USER, 'password_hash', 'password_version');
  if (!row) return undefined;
  const { password_hash: hash, password_version: version, ...user } = row;
  return { user, password: { hash, version } };
}
