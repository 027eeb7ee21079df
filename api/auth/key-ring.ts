import { createPublicKey, type KeyObject } from 'node:crypto';
import { errors } from 'jose';
import type { SigningKey, SigningKeyRepository } from '../../db/signing-keys.ts';

/** Unknown key ids come from anyone who can type, so they make us look into Postgres this seldom, in ms. */
const REREAD_AFTER_MS = 10_000;

/** A private JWK (RFC 7517). */
export type PrivateJwk = Readonly<Record<string, unknown>>;

/** The keys of this process: they sign tokens and cookies, and verify tokens. */
export interface KeyRing {
  /** The one that signs, the one that will sign next, then the retired ones. The same array until a key or secret has changed. */
  readonly signing: readonly PrivateJwk[];
  /** Secrets for signed cookies, the same in all processes. One array for ever: whoever keeps it sees them change. */
  readonly cookies: string[];
  /**
   * Returns the public key that a token's header names. Another process may have created a newer key, so an unknown id makes
   * this one read the keys again, at most every 10 s.
   *
   * @throws {errors.JWKSNoMatchingKey} if there is no such key
   */
  verificationKey(header: { kid?: unknown }): Promise<KeyObject>;
  /** Reads the keys again: somebody may have rotated them. */
  reread(): Promise<void>;
}

function publicKeys(keys: readonly SigningKey[]): Map<string, KeyObject> {
  return new Map(
    keys.map(({ kid, privateJwk: { d: _, ...publicJwk } }) => [
      kid,
      createPublicKey({ key: publicJwk, format: 'jwk' }),
    ]),
  );
}

const kidsOf = (keys: readonly SigningKey[]) => keys.map(({ kid }) => kid).join();

/** Reads the shop's keys; the first process of a new shop makes them. @param rereadAfterMs see {@link KeyRing} */
export async function openKeyRing(repository: SigningKeyRepository, rereadAfterMs = REREAD_AFTER_MS): Promise<KeyRing> {
  const cookies = [await repository.ensureCookieKey()];
  let keys = await repository.ensure();
  let signing: readonly PrivateJwk[] = keys.map(({ privateJwk }) => privateJwk);
  let known = publicKeys(keys);
  let readAt = performance.now();
  let reading: Promise<void> | undefined;

  async function read() {
    try {
      const [found, cookie = cookies[0] as string] = await Promise.all([repository.list(), repository.cookieKey()]);
      if (kidsOf(found) === kidsOf(keys) && cookie === cookies[0]) return;
      keys = found;
      cookies.splice(0, 1, cookie);
      signing = keys.map(({ privateJwk }) => privateJwk);
      known = publicKeys(keys);
    } finally {
      readAt = performance.now();
      reading = undefined;
    }
  }

  function reread(): Promise<void> {
    reading ??= read();
    return reading;
  }

  return {
    get signing() {
      return signing;
    },
    cookies,
    async verificationKey({ kid }) {
      const id = String(kid);
      if (!known.has(id)) await (performance.now() - readAt >= rereadAfterMs ? reread() : reading);
      const key = known.get(id);
      if (!key) throw new errors.JWKSNoMatchingKey();
      return key;
    },
    reread,
  };
}
