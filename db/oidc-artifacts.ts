import { createHash } from 'node:crypto';
import type { Database } from './connection.ts';

/** The part of an artifact's payload that is known here. */
export interface ArtifactPayload {
  jti?: string | undefined;
  accountId?: string | undefined;
  grantId?: string | undefined;
  uid?: string | undefined;
  /** In seconds since the epoch. */
  consumed?: unknown;
  [field: string]: unknown;
}

/** What an access token came from. */
export interface TokenOrigin {
  jti: string;
  /** Absent for a service client's token. */
  grantId?: string | undefined;
  /** The session of a browser that signed in on the page. */
  sessionUid?: string | undefined;
}

export interface FoundArtifact {
  payload: ArtifactPayload;
  /** The current password version of the artifact's account; `undefined` without an account. */
  passwordVersion: number | undefined;
}

interface Row {
  id: string;
  payload: ArtifactPayload;
  consumed_at: Date | null;
  password_version: number | null;
}

export interface SaveOptions {
  /** In seconds from now. Without it, the artifact does not expire. */
  expiresIn?: number | undefined;
  /** The password version that an account's artifact relies on. */
  passwordVersion?: number | undefined;
}

/** A revoked access token, by its `jti`. */
const REVOKED = 'RevokedAccessToken';

/** A stream ticket that was used, by its `jti`. */
const USED_TICKET = 'UsedStreamTicket';

/** Kinds whose id is not a secret, or is found by another field and must be returned. */
const PLAIN_IDS = new Set(['Client', 'Grant', 'Interaction', 'Session']);

/** Hashes ids that are tokens, so that the table or a dump of it contains no usable token. */
const keyOf = (kind: string, id: string) =>
  PLAIN_IDS.has(kind) ? id : createHash('sha256').update(id).digest('base64url');

const expiryOf = (expiresIn: number) => new Date(Date.now() + expiresIn * 1000);

/**
 * Stores grants, refresh tokens, sessions and other artifacts of `oidc-provider`. `kind` is its name for them, for example
 * `RefreshToken`. Expired artifacts are not found.
 */
export function createOidcArtifactRepository(database: Database) {
  const artifacts = () => database('oidc_artifacts');

  async function findBy(column: 'id' | 'uid', kind: string, value: string): Promise<FoundArtifact | undefined> {
    // Postgres rejects a text with NUL, so no row has one.
    if (value.includes('\0')) return undefined;
    const row: Row | undefined = await database({ a: 'oidc_artifacts' })
      .leftJoin({ u: 'users' }, 'u.id', 'a.account_id')
      .where({ 'a.kind': kind, [`a.${column}`]: value })
      .where((alive) => alive.whereNull('a.expires_at').orWhere('a.expires_at', '>', database.fn.now()))
      .first('a.id', 'a.payload', 'a.consumed_at', 'u.password_version');
    if (!row) return undefined;
    const consumed = row.consumed_at && { consumed: Math.floor(row.consumed_at.getTime() / 1000) };
    return {
      payload: { ...row.payload, jti: row.id, ...consumed },
      passwordVersion: row.password_version ?? undefined,
    };
  }

  return {
    async find(kind: string, id: string): Promise<FoundArtifact | undefined> {
      const found = await findBy('id', kind, keyOf(kind, id));
      return found && { ...found, payload: { ...found.payload, jti: id } };
    },

    findByUid: (kind: string, uid: string) => findBy('uid', kind, uid),

    /**
     * Inserts or updates an artifact. Returns false, and saves no row, if its account was deleted or has another password
     * version.
     */
    async save(kind: string, id: string, payload: ArtifactPayload, options: SaveOptions = {}): Promise<boolean> {
      const { expiresIn, passwordVersion } = options;
      const { jti: _, ...stored } = payload;
      const row = {
        kind,
        id: keyOf(kind, id),
        payload: JSON.stringify(stored),
        account_id: payload.accountId ?? null,
        grant_id: payload.grantId ?? null,
        uid: payload.uid ?? null,
        expires_at: expiresIn === undefined ? null : expiryOf(expiresIn),
      };
      if (row.account_id === null) {
        await artifacts().insert(row).onConflict(['kind', 'id']).merge();
        return true;
      }
      // The lock waits for a running change of the password, so this sees the version after it.
      const { rowCount } = await database.raw(
        `INSERT INTO oidc_artifacts (kind, id, payload, account_id, grant_id, uid, expires_at)
         SELECT :kind, :id, :payload::json, u.id, :grant_id, :uid, :expires_at::timestamptz
         FROM users u WHERE u.id = :account_id AND u.password_version = :password_version FOR SHARE
         ON CONFLICT (kind, id) DO UPDATE SET
           payload = excluded.payload, account_id = excluded.account_id, grant_id = excluded.grant_id,
           uid = excluded.uid, expires_at = excluded.expires_at`,
        { ...row, password_version: passwordVersion ?? null } as never,
      );
      return rowCount === 1;
    },

    /** Marks a single-use artifact as used. Of several concurrent calls, one returns true. */
    async consume(kind: string, id: string): Promise<boolean> {
      const used = await artifacts()
        .where({ kind, id: keyOf(kind, id) })
        .whereNull('consumed_at')
        .update({ consumed_at: database.fn.now() });
      return used === 1;
    },

    async remove(kind: string, id: string): Promise<void> {
      await artifacts()
        .where({ kind, id: keyOf(kind, id) })
        .delete();
    },

    async removeByGrant(kind: string, grantId: string): Promise<void> {
      await artifacts().where({ kind, grant_id: grantId }).delete();
    },

    /** Removes an artifact's grant and everything that came from it (RFC 9700 §4.14.2). Returns the grant's id, if it existed. */
    async removeFamily(kind: string, id: string): Promise<string | undefined> {
      const member = await artifacts()
        .where({ kind, id: keyOf(kind, id) })
        .first('grant_id');
      if (!member) return undefined;
      const grantId: string = member.grant_id;
      await artifacts().where({ grant_id: grantId }).orWhere({ kind: 'Grant', id: grantId }).delete();
      return grantId;
    },

    /** Returns the grants of a user. Times in payloads are in seconds since the epoch. */
    grantsOf: async (accountId: string): Promise<ArtifactPayload[]> =>
      artifacts().where({ kind: 'Grant', account_id: accountId }).orderBy('id').pluck('payload'),

    /**
     * Removes all sessions, grants and tokens of a user, which ends their access tokens, too.
     *
     * @param kept the grant and the session that stay, if any
     */
    async removeByAccount(accountId: string, { grantId, sessionUid }: Partial<TokenOrigin> = {}): Promise<void> {
      const ended = artifacts().where({ account_id: accountId });
      if (grantId !== undefined) {
        // Knex negates each field of a `whereNot` separately, so one with both fields would be wrong.
        ended.where((others) => others.whereNot({ kind: 'Grant' }).orWhereNot({ id: grantId }));
        ended.where((others) => others.whereNull('grant_id').orWhereNot({ grant_id: grantId }));
      }
      if (sessionUid !== undefined)
        ended.where((others) => others.whereNot({ kind: 'Session' }).orWhereNot({ uid: sessionUid }));
      await ended.delete();
    },

    /** Stores an access token as revoked. @param expiresIn seconds until it expires */
    async revokeAccessToken(jti: string, expiresIn: number): Promise<void> {
      await this.save(REVOKED, jti, {}, { expiresIn });
    },

    /** Marks a stream ticket as used. Returns false if it was used before. @param expiresIn seconds until it expires */
    async useTicket(jti: string, expiresIn: number): Promise<boolean> {
      const used = await artifacts()
        .insert({ kind: USED_TICKET, id: keyOf(USED_TICKET, jti), payload: '{}', expires_at: expiryOf(expiresIn) })
        .onConflict(['kind', 'id'])
        .ignore()
        .returning('id');
      return used.length === 1;
    },

    /** Whether an access token was not revoked and its grant and session still exist. */
    async isAlive({ jti, grantId, sessionUid }: TokenOrigin): Promise<boolean> {
      const kinds: string[] = await artifacts()
        .where((any) => {
          any.where({ kind: REVOKED, id: keyOf(REVOKED, jti) });
          if (grantId !== undefined) any.orWhere({ kind: 'Grant', id: grantId });
          if (sessionUid !== undefined) any.orWhere({ kind: 'Session', uid: sessionUid });
        })
        .where('expires_at', '>', database.fn.now())
        .pluck('kind');
      return (
        !kinds.includes(REVOKED) &&
        (grantId === undefined || kinds.includes('Grant')) &&
        (sessionUid === undefined || kinds.includes('Session'))
      );
    },

    /** Removes at most `limit` expired artifacts and returns how many. Several processes may call it at the same time. */
    removeExpired: (limit: number): Promise<number> =>
      artifacts()
        .whereIn(
          ['kind', 'id'],
          artifacts()
            .where('expires_at', '<', database.fn.now())
            .orderBy('expires_at')
            .limit(limit)
            .forUpdate()
            .skipLocked()
            .select('kind', 'id'),
        )
        .delete(),
  };
}

export type OidcArtifactRepository = ReturnType<typeof createOidcArtifactRepository>;
