import { createHash, randomBytes } from 'node:crypto';
import { canonicalEmail } from '../domain/account/canonical-email.ts';
import type { Purpose } from '../domain/account/link.ts';
import type { Role } from '../domain/actor.ts';
import type { Database } from './connection.ts';

/** What somebody asked for, until the link in its mail confirms that it was them. */
export interface AccountRequest {
  id: string;
  purpose: Purpose;
  email: string;
  /** Of whoever is to have an account. */
  name: string | null;
  role: Role | null;
  /** Whose address is to change, or whom a reset is for: of that `null` until it is mailed, as nobody looked before. */
  userId: string | null;
  mailedAt: Date | null;
  /** Of whoever is to have an account: ISO 639; `null` for the shop's own. */
  language: string | null;
}

export type NewAccountRequest = Pick<AccountRequest, 'id' | 'purpose' | 'email'> &
  Partial<Pick<AccountRequest, 'name' | 'role' | 'userId' | 'language'>> & {
    /** The manager who invites. An invitation without one comes from the operator. */
    invitedBy?: string;
  };

/** An invitation that nobody has taken up yet. */
export interface Invitation extends Pick<AccountRequest, 'id' | 'email' | 'language' | 'mailedAt'> {
  name: string;
  role: Role;
  /** `null`: the operator. */
  invitedBy: string | null;
  createdAt: Date;
  expiresAt: Date;
}

const COLUMNS = {
  id: 'r.id',
  purpose: 'r.purpose',
  email: 'r.email',
  name: 'r.name',
  role: 'r.role',
  userId: 'r.user_id',
  mailedAt: 'r.mailed_at',
  language: 'r.language',
};

const INVITATION = {
  id: 'r.id',
  email: 'r.email',
  name: 'r.name',
  role: 'r.role',
  language: 'r.language',
  invitedBy: 'r.invited_by',
  createdAt: 'r.created_at',
  expiresAt: 'r.expires_at',
  mailedAt: 'r.mailed_at',
};

/** How long a request waits for its mail to leave, in ms: an hour more than the mail is tried for. */
const PATIENCE_MS = 25 * 60 * 60 * 1_000;

const hashOf = (token: string): string => createHash('sha256').update(token).digest('base64url');

/**
 * What people asked for, and the links by which they confirm it. A link is 256 random bits of which we keep only the
 * SHA-256, so nobody can guess one or read one from the table; a signature would add nothing to that. It works once: using
 * it removes its request.
 */
export function createAccountRequestRepository(database: Database) {
  const requests = () => database('account_requests');

  /** The request behind a token that still works. */
  const behind = (token: string, purposes: readonly Purpose[]) =>
    database({ r: 'account_requests' })
      .join({ l: 'account_links' }, 'l.request_id', 'r.id')
      .where('l.token_hash', hashOf(token))
      .whereIn('r.purpose', purposes)
      .where('l.expires_at', '>', database.fn.now());

  return {
    async open({ userId, invitedBy, ...request }: NewAccountRequest): Promise<void> {
      await requests().insert({
        ...request,
        user_id: userId ?? null,
        invited_by: invitedBy ?? null,
        expires_at: new Date(Date.now() + PATIENCE_MS),
      });
    },

    /** Locks the request, so that it fails where it could not be marked as mailed. */
    find: (id: string): Promise<AccountRequest | undefined> =>
      database({ r: 'account_requests' }).where('r.id', id).forKeyShare('r').first(COLUMNS),

    /** Forgets the requests that nobody can confirm any more. */
    async closeExpired(): Promise<void> {
      await requests().where('expires_at', '<', database.fn.now()).delete();
    },

    /** Forgets a request, and its links with it. */
    async close(id: string): Promise<void> {
      await requests().where({ id }).delete();
    },

    /**
     * Forgets whatever has been asked for an account, also what is yet to be mailed to its address.
     *
     * @param purpose forgets nothing else
     */
    async closeAll({ id, email }: { id: string; email: string }, purpose?: Purpose): Promise<void> {
      const closed = requests().where((theirs) =>
        theirs.where({ user_id: id }).orWhere({ canonical_email: canonicalEmail(email) }),
      );
      if (purpose) closed.where({ purpose });
      await closed.delete();
    },

    /** Forgets the invitations of somebody who may not invite any more. */
    async closeInvitationsBy(userId: string): Promise<void> {
      await requests().where({ invited_by: userId }).delete();
    },

    /** The invitations that are still good, the newest first. */
    listInvitations: (): Promise<Invitation[]> =>
      database({ r: 'account_requests' })
        .where({ 'r.purpose': 'invitation' })
        .where('r.expires_at', '>', database.fn.now())
        .orderBy([{ column: 'r.created_at', order: 'desc' }, 'r.id'])
        .select(INVITATION),

    /** @param id a UUID @returns whether there was one */
    revokeInvitation: async (id: string): Promise<boolean> =>
      (await requests().where({ id, purpose: 'invitation' }).delete()) > 0,

    /** Makes a link's token for a request. @param lifetime in ms @param userId see {@link AccountRequest} */
    async issueLink(id: string, lifetime: number, userId?: string): Promise<string> {
      const token = randomBytes(32).toString('base64url');
      const expiresAt = new Date(Date.now() + lifetime);
      await requests()
        .where({ id })
        .update({
          expires_at: database.raw('greatest(expires_at, ?)', [expiresAt]),
          ...(userId && { user_id: userId }),
        });
      await database('account_links').insert({ token_hash: hashOf(token), request_id: id, expires_at: expiresAt });
      return token;
    },

    async markMailed(id: string): Promise<void> {
      await requests().where({ id }).update({ mailed_at: database.fn.now() });
    },

    /** What a link would do; uses nothing up. */
    peek: (token: string, ...purposes: Purpose[]): Promise<AccountRequest | undefined> =>
      behind(token, purposes).first(COLUMNS),

    /** Uses a link up, and all others of its request. Of several callers at once, exactly one gets the request. */
    async take(token: string, ...purposes: Purpose[]): Promise<AccountRequest | undefined> {
      const request: AccountRequest | undefined = await behind(token, purposes).first(COLUMNS);
      const taken = request && (await requests().where({ id: request.id }).delete());
      return taken === 1 ? request : undefined;
    },
  };
}

export type AccountRequestRepository = ReturnType<typeof createAccountRequestRepository>;
