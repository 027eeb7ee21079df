import { randomBytes } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import type { Database } from './connection.ts';
import { transact } from './transaction.ts';

/** A key that signs tokens, as a private JWK (RFC 7517). */
export interface SigningKey {
  kid: string;
  privateJwk: Record<string, unknown>;
}

/** Where a key is in its life: published only, signing, verifying only what it has signed. */
interface KeyRow extends SigningKey {
  createdAt: Date;
  activatedAt: Date | null;
  retiredAt: Date | null;
}

/** Returns a new ES256 key; its id is its thumbprint (RFC 7638). */
async function generateSigningKey(): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(privateKey);
  const kid = await calculateJwkThumbprint(jwk);
  return { kid, privateJwk: { ...jwk, kid, alg: 'ES256', use: 'sig' } };
}

/** Returns a new secret for signed cookies. */
const generateCookieKey = (): string => randomBytes(32).toString('base64url');

/**
 * The keys that all API processes of a shop sign and verify with. At any time one of them signs and one is published to
 * sign next, so that everybody who verifies tokens knows it before it does.
 */
export function createSigningKeyRepository(database: Database) {
  const rows = (connection: Database): Promise<KeyRow[]> =>
    connection('signing_keys')
      .orderByRaw('retired_at DESC NULLS FIRST, activated_at ASC NULLS LAST, created_at DESC, kid')
      .select('kid', {
        privateJwk: 'private_jwk',
        createdAt: 'created_at',
        activatedAt: 'activated_at',
        retiredAt: 'retired_at',
      });

  async function list(connection: Database): Promise<SigningKey[]> {
    return (await rows(connection)).map(({ kid, privateJwk }) => ({ kid, privateJwk }));
  }

  const cookieKey = async (connection: Database): Promise<string | undefined> =>
    (await connection('cookie_keys').first('secret'))?.secret;

  /** One at a time, over all processes. */
  const alone = <Result>(work: (transaction: Database) => Promise<Result>): Promise<Result> =>
    transact(database, async (transaction) => {
      await transaction.raw("SELECT pg_advisory_xact_lock(hashtext('crema.signing_keys'))");
      return work(transaction);
    });

  async function add(transaction: Database, activatedAt?: unknown): Promise<void> {
    const { kid, privateJwk } = await generateSigningKey();
    const row = { kid, private_jwk: JSON.stringify(privateJwk), activated_at: activatedAt ?? null };
    await transaction('signing_keys').insert(row);
  }

  /** Makes what is missing of the key that signs and the one after it. */
  async function complete(transaction: Database): Promise<void> {
    const alive = (await rows(transaction)).filter(({ retiredAt }) => !retiredAt);
    if (!alive.some(({ activatedAt }) => activatedAt)) await add(transaction, database.fn.now());
    if (!alive.some(({ activatedAt }) => !activatedAt)) await add(transaction);
  }

  return {
    /** All keys: the one that signs, the next one, then the retired ones. */
    list: () => list(database),

    /** The same, after making what is missing. Processes that start at once agree. */
    ensure: (): Promise<SigningKey[]> =>
      alone(async (transaction) => {
        await complete(transaction);
        return list(transaction);
      }),

    /**
     * The next key signs from now on, the one that did retires, and a new one is published.
     *
     * @param minimumAgeMs how long the next key must have been known for, in ms
     * @returns the kid of the key that signs now, or how long the next one has been known for, in ms, when that is too short
     */
    rotate: (minimumAgeMs: number): Promise<{ kid: string } | { tooYoungMs: number }> =>
      alone(async (transaction) => {
        await complete(transaction);
        const next = (await rows(transaction)).find(({ activatedAt }) => !activatedAt) as KeyRow;
        const age = Date.now() - next.createdAt.getTime();
        if (age < minimumAgeMs) return { tooYoungMs: age };
        const signs = transaction('signing_keys').whereNotNull('activated_at').whereNull('retired_at');
        await signs.update({ retired_at: database.fn.now() });
        await transaction('signing_keys').where({ kid: next.kid }).update({ activated_at: database.fn.now() });
        await add(transaction);
        return { kid: next.kid };
      }),

    /**
     * Replaces all keys and the secret that signs cookies at once: whatever they have signed is worth nothing from now on.
     * Returns the kid that signs now.
     */
    replace: (): Promise<string> =>
      alone(async (transaction) => {
        await transaction('signing_keys').delete();
        await complete(transaction);
        await transaction('cookie_keys').delete();
        await transaction('cookie_keys').insert({ secret: generateCookieKey() });
        return ((await rows(transaction))[0] as KeyRow).kid;
      }),

    /** Forgets keys that retired so long ago that nothing they have signed comes back. @param afterMs in ms */
    removeRetired: (afterMs: number): Promise<number> =>
      database('signing_keys')
        .where('retired_at', '<', new Date(Date.now() - afterMs))
        .delete(),

    /** The secret that signs cookies, of a shop that has one. */
    cookieKey: () => cookieKey(database),

    /** The same; the first process of a new shop makes it. */
    ensureCookieKey: (): Promise<string> =>
      alone(async (transaction) => {
        const kept = await cookieKey(transaction);
        if (kept) return kept;
        const fresh = generateCookieKey();
        await transaction('cookie_keys').insert({ secret: fresh });
        return fresh;
      }),
  };
}

export type SigningKeyRepository = ReturnType<typeof createSigningKeyRepository>;
