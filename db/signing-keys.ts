import { randomBytes } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import type { Database } from './connection.ts';
import { transact } from './transaction.ts';

/** A key that signs tokens, as a private JWK (RFC 7517). */
export interface SigningKey {
  kid: string;
  privateJwk: Record<string, unknown>;
}

/** A key is published first, then signs, then is retired. A retired key still verifies the tokens that it has signed. */
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

/** Returns all keys: the one that signs, the next one, then the retired ones. */
const readKeys = (connection: Database): Promise<KeyRow[]> =>
  connection('signing_keys')
    .orderByRaw('retired_at DESC NULLS FIRST, activated_at ASC NULLS LAST, created_at DESC, kid')
    .select('kid', {
      privateJwk: 'private_jwk',
      createdAt: 'created_at',
      activatedAt: 'activated_at',
      retiredAt: 'retired_at',
    });

const readCookieKey = async (connection: Database): Promise<string | undefined> =>
  (await connection('cookie_keys').first('secret'))?.secret;

async function addKey(transaction: Database, activatedAt: unknown = null): Promise<void> {
  const { kid, privateJwk } = await generateSigningKey();
  const row = { kid, private_jwk: JSON.stringify(privateJwk), activated_at: activatedAt };
  await transaction('signing_keys').insert(row);
}

/** Creates the key that signs and the next one, if missing. */
async function createMissing(transaction: Database): Promise<void> {
  const alive = (await readKeys(transaction)).filter(({ retiredAt }) => !retiredAt);
  if (!alive.some(({ activatedAt }) => activatedAt)) await addKey(transaction, transaction.fn.now());
  if (!alive.some(({ activatedAt }) => !activatedAt)) await addKey(transaction);
}

/**
 * Stores the keys that all API processes sign and verify with. At any time, one key signs. The next key is already published, so
 * that every verifier has the next key before it signs.
 */
export function createSigningKeyRepository(database: Database) {
  /** Runs work in a transaction, one at a time across all processes. */
  const exclusively = <Result>(work: (transaction: Database) => Promise<Result>): Promise<Result> =>
    transact(database, async (transaction) => {
      await transaction.raw("SELECT pg_advisory_xact_lock(hashtext('crema.signing_keys'))");
      return work(transaction);
    });

  return {
    /** Returns all keys: the one that signs, the next one, then the retired ones. */
    list: (): Promise<SigningKey[]> => readKeys(database),

    /** Returns all keys, after creating the missing ones. Concurrent calls of several processes return the same keys. */
    ensure: (): Promise<SigningKey[]> =>
      exclusively(async (transaction) => {
        await createMissing(transaction);
        return readKeys(transaction);
      }),

    /**
     * Activates the next key, retires the one that signed, and publishes a new one. Returns the id of the key that signs now.
     * If the next key is younger than `minimumAgeMs`, returns its age in ms and changes no key.
     */
    rotate: (minimumAgeMs: number): Promise<{ kid: string } | { tooYoungMs: number }> =>
      exclusively(async (transaction) => {
        await createMissing(transaction);
        const next = (await readKeys(transaction)).find(({ activatedAt }) => !activatedAt) as KeyRow;
        const age = Date.now() - next.createdAt.getTime();
        if (age < minimumAgeMs) return { tooYoungMs: age };
        const keys = () => transaction('signing_keys');
        const now = transaction.fn.now();
        await keys().whereNotNull('activated_at').whereNull('retired_at').update({ retired_at: now });
        await keys().where({ kid: next.kid }).update({ activated_at: now });
        await addKey(transaction);
        return { kid: next.kid };
      }),

    /**
     * Replaces all keys and the secret of signed cookies, so that all existing signatures become invalid. Returns the id of the
     * key that signs now.
     */
    replace: (): Promise<string> =>
      exclusively(async (transaction) => {
        await transaction('signing_keys').delete();
        await createMissing(transaction);
        await transaction('cookie_keys').delete();
        await transaction('cookie_keys').insert({ secret: generateCookieKey() });
        return ((await readKeys(transaction))[0] as KeyRow).kid;
      }),

    /** Removes keys that retired longer than `afterMs` ago. */
    removeRetired: (afterMs: number): Promise<number> =>
      database('signing_keys')
        .where('retired_at', '<', new Date(Date.now() - afterMs))
        .delete(),

    /** Returns the secret of signed cookies, or `undefined` in a new shop. */
    cookieKey: (): Promise<string | undefined> => readCookieKey(database),

    /** Returns the secret of signed cookies, after creating it if it is missing. */
    ensureCookieKey: (): Promise<string> =>
      exclusively(async (transaction) => {
        const existing = await readCookieKey(transaction);
        if (existing) return existing;
        const secret = generateCookieKey();
        await transaction('cookie_keys').insert({ secret });
        return secret;
      }),
  };
}

export type SigningKeyRepository = ReturnType<typeof createSigningKeyRepository>;
