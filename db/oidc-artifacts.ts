import { createHash } from 'node:crypto';
import type { Database } from './connection.ts';

/** What the OAuth2 server wants kept of one artifact. Times are in seconds since 1970. */
export interface ArtifactPayload {
  jti?: string | undefined;
  accountId?: string | undefined;
  grantId?: string | undefined;
  uid?: string | undefined;
  userCode?: string | undefined;
  consumed?: unknown;
  [field: string]: unknown;
}

/** What an access token says of where it came from. */
export interface TokenOrigin {
  jti: string;
  /** None for a service's. */
  grantId?: string | undefined;
  /** Of a browser that signed in through the page. */
  sessionUid?: string | undefined;
}

/** An artifact as it was read. */
export interface FoundArtifact {
  payload: ArtifactPayload;
  /** Of the account's password, at that moment; `undefined` for an artifact without an account. */
  passwordVersion: number | undefined;
}

interface Row {
  id: string;
  payload: ArtifactPayload;
  consumed_at: Date | null;
  password_version: number | null;
}

export interface SaveOptions {
  /** Seconds from now; without it, for ever. */
  expiresIn?: number | undefined;
  /** Of an account's artifact: the version of the password that it was opened with. */
  passwordVersion?: number | undefined;
}

/** An access token that was given back before its time, by its `jti`: a JWT, so nothing else of it is kept. */
const REVOKED = 'RevokedAccessToken';

/** A ticket to a stream that was used, by its `jti`. */
const USED_TICKET = 'UsedStreamTicket';

/** Kinds whose id is no bearer secret by itself, or is asked for by another field and must be given back. */
const PLAIN_IDS = new Set(['Client', 'Grant', 'Interaction', 'Session']);

/** A token's id is the token: whoever reads the table or a dump of it must not be able to use one. */
const keyOf = (kind: string, id: string) =>
  PLAIN_IDS.has(kind) ? id : createHash('sha256').update(id).digest('base64url');

/**
 * Grants, refresh tokens, sessions and whatever else the OAuth2 server must remember. Expired ones are never found.
 * `kind` is the server's name for the artifact, for example `RefreshToken`.
 */
export function createOidcArtifactRepository(database: Database) {
  const artifacts = () => database('oidc_artifacts');

  async function findBy(
    kind: string,
    column: 'id' | 'uid' | 'user_code',
    value: string,
    id?: string,
  ): Promise<FoundArtifact | undefined> {
    // Postgres refuses a text with NUL, and we have stored none.
    if (value.includes('\0')) return undefined;
    const row: Row | undefined = await database({ a: 'oidc_artifacts' })
      .leftJoin({ u: 'users' }, 'u.id', 'a.account_id')
      .where({ 'a.kind': kind, [`a.${column}`]: value })
      .where((alive) => alive.whereNull('a.expires_at').orWhere('a.expires_at', '>', database.fn.now()))
      .first('a.id', 'a.payload', 'a.consumed_at', 'u.password_version');
    if (!row) return undefined;
    const payload = {
      ...row.payload,
      jti: id ?? row.id,
      ...(row.consumed_at && { consumed: Math.floor(row.consumed_at.getTime() / 1000) }),
    };
    return { payload, passwordVersion: row.password_version ?? undefined };
  }

  return {
    find: (kind: string, id: string) => findBy(kind, 'id', keyOf(kind, id), id),
    findByUid: (kind: string, uid: string) => findBy(kind, 'uid', uid),
    findByUserCode: (kind: string, userCode: string) => findBy(kind, 'user_code', userCode),

    /**
     * Keeps an artifact, or what has become of it. Returns false, and keeps nothing, if the account's password has another
     * version by now, or the account is gone.
     */
    async save(kind: string, id: string, payload: ArtifactPayload, options: SaveOptions = {}): Promise<boolean> {
      const { expiresIn, passwordVersion } = options;
      const { jti: _, ...kept } = payload;
      const row = {
        kind,
        id: keyOf(kind, id),
        payload: JSON.stringify(kept),
        account_id: payload.accountId ?? null,
        grant_id: payload.grantId ?? null,
        uid: payload.uid ?? null,
        user_code: payload.userCode ?? null,
        expires_at: expiresIn === undefined ? null : new Date(Date.now() + expiresIn * 1000),
      };
      if (row.account_id === null) {
        await artifacts().insert(row).onConflict(['kind', 'id']).merge();
        return true;
      }
      // The lock makes this wait for a change of the password that is under way, and then see its version.
      const { rowCount } = await database.raw(
        `INSERT INTO oidc_artifacts (kind, id, payload, account_id, grant_id, uid, user_code, expires_at)
         SELECT :kind, :id, :payload::json, u.id, :grant_id, :uid, :user_code, :expires_at::timestamptz
         FROM users u WHERE u.id = :account_id AND u.password_version = :password_version FOR SHARE
         ON CONFLICT (kind, id) DO UPDATE SET
           payload = excluded.payload, account_id = excluded.account_id, grant_id = excluded.grant_id,
           uid = excluded.uid, user_code = excluded.user_code, expires_at = excluded.expires_at`,
        { ...row, password_version: passwordVersion ?? null } as never,
      );
      return rowCount === 1;
    },

    /** Marks a single-use artifact as used. Of several callers at once exactly one is told `true`. */
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

    /** Removes what one sign-in has brought forth of a kind. */
    async removeByGrant(kind: string, grantId: string): Promise<void> {
      await artifacts().where({ kind, grant_id: grantId }).delete();
    },

    /**
     * Removes an artifact with the grant it came from and all its siblings (RFC 9700 §4.14.2). Returns the grant's id, if
     * there was anything left.
     */
    async removeFamily(kind: string, id: string): Promise<string | undefined> {
      const member = await artifacts()
        .where({ kind, id: keyOf(kind, id) })
        .first('grant_id');
      if (!member) return undefined;
      const grantId: string = member.grant_id;
      await artifacts().where({ grant_id: grantId }).orWhere({ kind: 'Grant', id: grantId }).delete();
      return grantId;
    },

    /** What a person has let act for them. Times are in seconds since 1970. */
    async grantsOf(accountId: string): Promise<ArtifactPayload[]> {
      return artifacts().where({ kind: 'Grant', account_id: accountId }).orderBy('id').pluck('payload');
    },

    /**
     * Ends everything that a person has signed in to: sessions, grants and tokens. Their access tokens end with them.
     *
     * @param kept the grant and the session that go on, if any
     */
    async removeByAccount(accountId: string, { grantId, sessionUid }: Partial<TokenOrigin> = {}): Promise<void> {
      const ended = artifacts().where({ account_id: accountId });
      if (grantId !== undefined) {
        // Each of several fields in one `whereNot` is negated by itself.
        ended.where((others) => others.whereNot({ kind: 'Grant' }).orWhereNot({ id: grantId }));
        ended.where((others) => others.whereNull('grant_id').orWhereNot({ grant_id: grantId }));
      }
      if (sessionUid !== undefined)
        ended.where((others) => others.whereNot({ kind: 'Session' }).orWhereNot({ uid: sessionUid }));
      await ended.delete();
    },

    /** Remembers an access token as given back. @param expiresIn seconds until it would have expired */
    async revokeAccessToken(jti: string, expiresIn: number): Promise<void> {
      await this.save(REVOKED, jti, {}, { expiresIn });
    },

    /** Marks a ticket to a stream as used. Returns false if it was used before. @param expiresIn seconds until it expires */
    async useTicket(jti: string, expiresIn: number): Promise<boolean> {
      const used = await artifacts()
        .insert({
          kind: USED_TICKET,
          id: keyOf(USED_TICKET, jti),
          payload: '{}',
          expires_at: new Date(Date.now() + expiresIn * 1000),
        })
        .onConflict(['kind', 'id'])
        .ignore()
        .returning('id');
      return used.length === 1;
    },

    /** Whether an access token still counts: it was not given back, and the grant and session it came from have not ended. */
    async isAlive({ jti, grantId, sessionUid }: TokenOrigin): Promise<boolean> {
      const found: { kind: string }[] = await artifacts()
        .where((any) => {
          any.where({ kind: REVOKED, id: keyOf(REVOKED, jti) });
          if (grantId !== undefined) any.orWhere({ kind: 'Grant', id: grantId });
          if (sessionUid !== undefined) any.orWhere({ kind: 'Session', uid: sessionUid });
        })
        .where('expires_at', '>', database.fn.now())
        .select('kind');
      const kinds = new Set(found.map(({ kind }) => kind));
      return (
        !kinds.has(REVOKED) &&
        (grantId === undefined || kinds.has('Grant')) &&
        (sessionUid === undefined || kinds.has('Session'))
      );
    },

    /** Removes what has expired, some of it at a time. Several processes may do so at once. Returns how many. */
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
