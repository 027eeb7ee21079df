import { randomBytes } from 'node:crypto';
import { canonicalEmail } from '../domain/account/canonical-email.ts';
import type { Purpose } from '../domain/account/link.ts';
import type { Role } from '../domain/actor.ts';
import type { Database } from './connection.ts';
import { hashSecret } from './secret-hash.ts';

/** A registration, an invitation, a password reset or an address change. It takes effect when the link in its email is used. */
export interface AccountRequest {
  id: string;
  purpose: Purpose;
  email: string;
  /** The name of the future account. */
  name: string | null;
  role: Role | null;
  /** The account of an address change or a reset. A reset has `null` until its email is sent, when the account is looked up. */
  userId: string | null;
  mailedAt: Date | null;
  /** The language of the future account, as an ISO 639 code; `null` for the shop's language. */
  language: string | null;
}

export type NewAccountRequest = Pick<AccountRequest, 'id' | 'purpose' | 'email'> &
  Partial<Pick<AccountRequest, 'name' | 'role' | 'userId' | 'language'>> & {
    /** The id of the manager who invites. Absent if the operator invites. */
    invitedBy?: string;
  };

/** An open invitation. */
export interface Invitation extends Pick<AccountRequest, 'id' | 'email' | 'language' | 'mailedAt'> {
  name: string;
  role: Role;
  /** The id of the manager who invited; `null` if the operator invited. */
  invitedBy: string | null;
  createdAt: Date;
  expiresAt: Date;
}

const SHARED = ['id', 'email', 'name', 'role', 'language', 'mailed_at as mailedAt'];
const REQUEST = [...SHARED, 'purpose', 'user_id as userId'];
const INVITATION = [...SHARED, 'invited_by as invitedBy', 'created_at as createdAt', 'expires_at as expiresAt'];

/** How long a request is kept if its email is never sent, in ms. The email is retried for 24 hours, and this is one hour more. */
const UNSENT_LIFETIME_MS = 25 * 60 * 60 * 1_000;

/**
 * Stores requests and the links that confirm them. A link's token is 256 random bits, stored as SHA-256 only, so it can
 * neither be guessed nor read from the table. A link works once: its use removes the request.
 */
export function createAccountRequestRepository(database: Database) {
  const requests = () => database('account_requests');

  /** Selects the request of a valid token. */
  const behind = (token: string, purposes: readonly Purpose[]) =>
    database({ r: 'account_requests' })
      .join({ l: 'account_links' }, 'l.request_id', 'r.id')
      .where('l.token_hash', hashSecret(token))
      .whereIn('r.purpose', purposes)
      .where('l.expires_at', '>', database.fn.now());

  return {
    async open({ userId, invitedBy, ...request }: NewAccountRequest): Promise<void> {
      await requests().insert({
        ...request,
        user_id: userId ?? null,
        invited_by: invitedBy ?? null,
        expires_at: new Date(Date.now() + UNSENT_LIFETIME_MS),
      });
    },

    /** Returns the request and locks it. A read-only server rejects the lock, so that no email is sent that cannot be recorded. */
    find: (id: string): Promise<AccountRequest | undefined> => requests().where({ id }).forKeyShare().first(REQUEST),

    async closeExpired(): Promise<void> {
      await requests().where('expires_at', '<', database.fn.now()).delete();
    },

    /** Deletes a request and its links. */
    async close(id: string): Promise<void> {
      await requests().where({ id }).delete();
    },

    /** Deletes the requests for an account or its address. @param purpose if given, only requests with this purpose */
    async closeAll({ id, email }: { id: string; email: string }, purpose?: Purpose): Promise<void> {
      const closed = requests().where((theirs) =>
        theirs.where({ user_id: id }).orWhere({ canonical_email: canonicalEmail(email) }),
      );
      if (purpose) closed.where({ purpose });
      await closed.delete();
    },

    async closeInvitationsBy(userId: string): Promise<void> {
      await requests().where({ invited_by: userId }).delete();
    },

    /** Returns the open invitations, the newest first. */
    listInvitations: (): Promise<Invitation[]> =>
      requests()
        .where({ purpose: 'invitation' })
        .where('expires_at', '>', database.fn.now())
        .orderBy([{ column: 'created_at', order: 'desc' }, 'id'])
        .select(INVITATION),

    /** @param id a UUID @returns whether it existed */
    revokeInvitation: async (id: string): Promise<boolean> =>
      (await requests().where({ id, purpose: 'invitation' }).delete()) > 0,

    /** Creates and returns a token for a request. @param lifetime in ms @param userId see {@link AccountRequest} */
    async issueLink(id: string, lifetime: number, userId?: string): Promise<string> {
      const token = randomBytes(32).toString('base64url');
      const expiresAt = new Date(Date.now() + lifetime);
      await requests()
        .where({ id })
        .update({
          expires_at: database.raw('greatest(expires_at, ?)', [expiresAt]),
          ...(userId && { user_id: userId }),
        });
      await database('account_links').insert({ token_hash: hashSecret(token), request_id: id, expires_at: expiresAt });
      return token;
    },

    async markMailed(id: string): Promise<void> {
      await requests().where({ id }).update({ mailed_at: database.fn.now() });
    },

    /** Returns the request of a token without using it. */
    peek: (token: string, ...purposes: Purpose[]): Promise<AccountRequest | undefined> =>
      behind(token, purposes).first(REQUEST),

    /** Uses a token and invalidates all links of its request. Of concurrent callers, exactly one gets the request. */
    async take(token: string, ...purposes: Purpose[]): Promise<AccountRequest | undefined> {
      const request: AccountRequest | undefined = await behind(token, purposes).first(REQUEST);
      const taken = request && (await requests().where({ id: request.id }).delete());
      return taken === 1 ? request : undefined;
    },
  };
}

export type AccountRequestRepository = ReturnType<typeof createAccountRequestRepository>;
