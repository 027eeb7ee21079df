import type { Database } from './connection.ts';
import { hashSecret } from './secret-hash.ts';

/** The fields of an artifact's payload that this file uses. */
interface ArtifactPayload {
  jti?: string | undefined;
  accountId?: string | undefined;
  grantId?: string | undefined;
  uid?: string | undefined;
  /** When the artifact was used, in seconds since the epoch. */
  consumed?: unknown;
  [field: string]: unknown;
}

/** The id of an access token, and the grant and session that the token came from. */
export interface TokenOrigin {
  jti: string;
  /** Absent for a service client's token. */
  grantId?: string | undefined;
  /** The `uid` of the browser's session; absent if the user did not sign in on the sign-in page. */
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
  expires_at: Date | null;
  consumed_at: Date | null;
  password_version: number | null;
}

interface SaveOptions {
  /** In seconds from now. Without it, the artifact does not expire. */
  expiresIn?: number | undefined;
  /** The password version that the artifact's account must have. */
  passwordVersion?: number | undefined;
}

/** The kind of an artifact that marks an access token as revoked. The artifact's id is the token's `jti`. */
const REVOKED = 'RevokedAccessToken';

/** The kind of an artifact that marks a stream ticket as used. The artifact's id is the ticket's `jti`. */
const USED_TICKET = 'UsedStreamTicket';

/** Kinds whose ids are not hashed. The ids are not secret, or must be returned when an artifact is found by another field. */
const PLAIN_IDS = new Set(['Client', 'Grant', 'Interaction', 'Session']);

/** Hashes ids that are tokens, so that the table or a dump of it contains no usable token. */
const keyOf = (kind: string, id: string) => (PLAIN_IDS.has(kind) ? id : hashSecret(id));

const expiryOf = (expiresIn: number) => new Date(Date.now() + expiresIn * 1000);

/** `FOR SHARE` waits for a password change in progress, so that the condition checks the new version. */
const SAVE = `
  INSERT INTO oidc_artifacts (kind, id, payload, account_id, grant_id, uid, expires_at)
  SELECT :kind, :id, :payload::json, :accountId::uuid, :grantId, :uid, :expiresAt::timestamptz
  WHERE :accountId::uuid IS NULL
    OR EXISTS (SELECT FROM users WHERE id = :accountId AND password_version = :passwordVersion FOR SHARE)
  ON CONFLICT (kind, id) DO UPDATE SET
    payload = excluded.payload, account_id = excluded.account_id, grant_id = excluded.grant_id,
    uid = excluded.uid, expires_at = excluded.expires_at`;

/**
 * Stores grants, refresh tokens, sessions and other artifacts of `oidc-provider`. `kind` is the name of their model in
 * `oidc-provider`, for example `RefreshToken`. Expired artifacts are not returned.
 */
export function createOidcArtifactRepository(database: Database) {
  const artifacts = () => database('oidc_artifacts');
  const byId = (kind: string, id: string) => artifacts().where({ kind, id: keyOf(kind, id) });

  return {
    async find(kind: string, id: string): Promise<FoundArtifact | undefined> {
      const found = await findBy(database, 'id', kind, keyOf(kind, id));
      return found && { ...found, payload: { ...found.payload, jti: id } };
    },

    findByUid: (kind: string, uid: string) => findBy(database, 'uid', kind, uid),

    /**
     * Inserts or updates an artifact. Returns false without saving if the artifact's account was deleted or has another password
     * version.
     */
    async save(kind: string, id: string, payload: ArtifactPayload, options: SaveOptions = {}): Promise<boolean> {
      const { expiresIn, passwordVersion = null } = options;
      const { jti: _, ...stored } = payload;
      const { accountId = null, grantId = null, uid = null } = payload;
      const { rowCount } = await database.raw(SAVE, {
        kind,
        id: keyOf(kind, id),
        payload: JSON.stringify(stored),
        accountId,
        grantId,
        uid,
        expiresAt: expiresIn === undefined ? null : expiryOf(expiresIn),
        passwordVersion,
      } as never);
      return rowCount === 1;
    },

    /** Marks a single-use artifact as used. Of several concurrent calls, one returns true. */
    consume: async (kind: string, id: string): Promise<boolean> =>
      (await byId(kind, id).whereNull('consumed_at').update({ consumed_at: database.fn.now() })) === 1,

    async remove(kind: string, id: string): Promise<void> {
      await byId(kind, id).delete();
    },

    async removeByGrant(kind: string, grantId: string): Promise<void> {
      await artifacts().where({ kind, grant_id: grantId }).delete();
    },

    /** Removes an artifact's grant and all artifacts of the grant (RFC 9700 §4.14.2). @returns undefined for an unknown artifact */
    async removeFamily(kind: string, id: string): Promise<string | undefined> {
      const member = await byId(kind, id).first('grant_id');
      if (!member) return undefined;
      const grantId: string = member.grant_id;
      await artifacts().where({ grant_id: grantId }).orWhere({ kind: 'Grant', id: grantId }).delete();
      return grantId;
    },

    /** Returns the grants of a user. Times in payloads are in seconds since the epoch. */
    async grantsOf(accountId: string): Promise<ArtifactPayload[]> {
      const grants = artifacts().where({ kind: 'Grant', account_id: accountId }).orderBy('id');
      return (await grants.select('payload', 'expires_at')).map(payloadOf);
    },

    /**
     * Removes all sessions, grants and tokens of a user. The user's access tokens then become invalid, too.
     *
     * @param kept the grant and the session that stay, if any
     */
    async removeByAccount(accountId: string, { grantId, sessionUid }: Partial<TokenOrigin> = {}): Promise<void> {
      const ended = artifacts().where({ account_id: accountId });
      if (grantId !== undefined) {
        ended.whereRaw("(kind, id) <> ('Grant', ?)", [grantId]).whereRaw('grant_id IS DISTINCT FROM ?', [grantId]);
      }
      if (sessionUid !== undefined) ended.whereRaw("NOT (kind = 'Session' AND uid = ?)", [sessionUid]);
      await ended.delete();
    },

    /** Prolongs a grant and a session that have not ended. @param expiresIn seconds from now until they expire */
    async prolong(grantId: string, sessionUid: string, expiresIn: number): Promise<void> {
      await artifacts()
        .where('expires_at', '>', database.fn.now())
        .where((any) => any.where({ kind: 'Grant', id: grantId }).orWhere({ kind: 'Session', uid: sessionUid }))
        .update({ expires_at: expiryOf(expiresIn) });
    },

    /** Stores an access token as revoked. @param expiresIn seconds until it expires */
    async revokeAccessToken(jti: string, expiresIn: number): Promise<void> {
      await addMark(database, REVOKED, jti, expiresIn);
    },

    /** Marks a stream ticket as used. Returns false if it was used before. @param expiresIn seconds until it expires */
    useTicket: (jti: string, expiresIn: number): Promise<boolean> => addMark(database, USED_TICKET, jti, expiresIn),

    /** Whether an access token is not revoked, and its grant and session still exist. */
    async isAlive({ jti, grantId, sessionUid }: TokenOrigin): Promise<boolean> {
      const kinds: string[] = await artifacts()
        .where((any) => {
          any.where({ kind: REVOKED, id: keyOf(REVOKED, jti) });
          if (grantId !== undefined) any.orWhere({ kind: 'Grant', id: grantId });
          if (sessionUid !== undefined) any.orWhere({ kind: 'Session', uid: sessionUid });
        })
        .where('expires_at', '>', database.fn.now())
        .pluck('kind');
      if (kinds.includes(REVOKED)) return false;
      if (grantId !== undefined && !kinds.includes('Grant')) return false;
      return sessionUid === undefined || kinds.includes('Session');
    },

    /** Removes at most `limit` expired artifacts and returns how many. Several processes may call it at the same time. */
    removeExpired(limit: number): Promise<number> {
      const expired = artifacts().where('expires_at', '<', database.fn.now()).orderBy('expires_at').limit(limit);
      const unlocked = expired.forUpdate().skipLocked().select('kind', 'id');
      return artifacts().whereIn(['kind', 'id'], unlocked).delete();
    },
  };
}

export type OidcArtifactRepository = ReturnType<typeof createOidcArtifactRepository>;

/** Returns the payload of an artifact, with its current expiry, which can be later than the one that was saved. */
const payloadOf = ({ payload, expires_at }: Pick<Row, 'payload' | 'expires_at'>): ArtifactPayload => ({
  ...payload,
  ...(expires_at && { exp: Math.floor(expires_at.getTime() / 1_000) }),
});

async function findBy(
  database: Database,
  column: 'id' | 'uid',
  kind: string,
  value: string,
): Promise<FoundArtifact | undefined> {
  // Postgres rejects text with NUL, so no row contains this value.
  if (value.includes('\0')) return undefined;
  const row: Row | undefined = await database({ a: 'oidc_artifacts' })
    .leftJoin({ u: 'users' }, 'u.id', 'a.account_id')
    .where({ 'a.kind': kind, [`a.${column}`]: value })
    .where((alive) => alive.whereNull('a.expires_at').orWhere('a.expires_at', '>', database.fn.now()))
    .first('a.id', 'a.payload', 'a.expires_at', 'a.consumed_at', 'u.password_version');
  if (!row) return undefined;
  const consumed = row.consumed_at && { consumed: Math.floor(row.consumed_at.getTime() / 1000) };
  return {
    payload: { ...payloadOf(row), jti: row.id, ...consumed },
    passwordVersion: row.password_version ?? undefined,
  };
}

/** Adds an artifact that only marks an id until the artifact expires. Returns false if the id was already marked. */
async function addMark(database: Database, kind: string, id: string, expiresIn: number): Promise<boolean> {
  const row = { kind, id: keyOf(kind, id), payload: '{}', expires_at: expiryOf(expiresIn) };
  const added = await database('oidc_artifacts').insert(row).onConflict(['kind', 'id']).ignore().returning('id');
  return added.length === 1;
}
