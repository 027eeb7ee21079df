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

interface Row {
  id: string;
  payload: ArtifactPayload;
  consumed_at: Date | null;
}

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

  async function findBy(kind: string, column: 'id' | 'uid' | 'user_code', value: string, id?: string) {
    // Postgres refuses a text with NUL, and we have stored none.
    if (value.includes('\0')) return undefined;
    const row: Row | undefined = await artifacts()
      .where({ kind, [column]: value })
      .where((alive) => alive.whereNull('expires_at').orWhere('expires_at', '>', database.fn.now()))
      .first('id', 'payload', 'consumed_at');
    if (!row) return undefined;
    return {
      ...row.payload,
      jti: id ?? row.id,
      ...(row.consumed_at && { consumed: Math.floor(row.consumed_at.getTime() / 1000) }),
    } as ArtifactPayload;
  }

  return {
    find: (kind: string, id: string) => findBy(kind, 'id', keyOf(kind, id), id),
    findByUid: (kind: string, uid: string) => findBy(kind, 'uid', uid),
    findByUserCode: (kind: string, userCode: string) => findBy(kind, 'user_code', userCode),

    /** Keeps an artifact, or what has become of it. @param expiresIn seconds from now; without it, for ever */
    async save(kind: string, id: string, payload: ArtifactPayload, expiresIn?: number): Promise<void> {
      const { jti: _, ...kept } = payload;
      await artifacts()
        .insert({
          kind,
          id: keyOf(kind, id),
          payload: JSON.stringify(kept),
          account_id: payload.accountId ?? null,
          grant_id: payload.grantId ?? null,
          uid: payload.uid ?? null,
          user_code: payload.userCode ?? null,
          expires_at: expiresIn === undefined ? null : new Date(Date.now() + expiresIn * 1000),
        })
        .onConflict(['kind', 'id'])
        .merge();
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

    /** What a person has let act for them. Times are in seconds since 1970. */
    async grantsOf(accountId: string): Promise<ArtifactPayload[]> {
      return artifacts().where({ kind: 'Grant', account_id: accountId }).orderBy('id').pluck('payload');
    },

    /** Ends all sessions, grants and tokens of a person. */
    async removeByAccount(accountId: string): Promise<void> {
      await artifacts().where({ account_id: accountId }).delete();
    },

    /** Removes an artifact with the grant it came from and all its siblings (RFC 9700 §4.14.2). */
    async removeFamily(kind: string, id: string): Promise<void> {
      const grantId = artifacts()
        .where({ kind, id: keyOf(kind, id) })
        .select('grant_id');
      await artifacts()
        .where('grant_id', grantId)
        .orWhere((grant) => grant.where({ kind: 'Grant', id: grantId }))
        .delete();
    },
  };
}

export type OidcArtifactRepository = ReturnType<typeof createOidcArtifactRepository>;
