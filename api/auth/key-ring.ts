import { createPublicKey, type KeyObject } from 'node:crypto';
import { errors } from 'jose';
import type { SigningKey, SigningKeyRepository } from '../../db/signing-keys.ts';

/** The shortest time between two reads because of unknown key ids, in ms: any client can send such an id. */
const REREAD_AFTER_MS = 10_000;

/** A private JWK (RFC 7517). */
export type PrivateJwk = Readonly<Record<string, unknown>>;

/** The keys of this process, which sign tokens and cookies and verify tokens. */
export interface KeyRing {
  /** The key that signs, the next one, then the retired ones. The same array until a key or secret changes. */
  readonly signing: readonly PrivateJwk[];
  /** Secrets for signed cookies, the same in all processes. Koa keeps this array, so a change is made in place. */
  readonly cookies: string[];
  /**
   * Returns the public key that a token's header names. Another process may have created a newer key, so an unknown id makes
   * this one read the keys again, at most every 10 s.
   *
   * @throws {errors.JWKSNoMatchingKey} if there is no such key
   */
  verificationKey(header: { kid?: unknown }): Promise<KeyObject>;
  /** Reads the keys again, as they may have been rotated. */
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

/** Reads the shop's keys. The first process of a new shop creates them. */
export async function openKeyRing(repository: SigningKeyRepository, rereadAfterMs = REREAD_AFTER_MS): Promise<KeyRing> {
  const cookies = [await repository.ensureCookieKey()];
  let keys = await repository.ensure();
  let signing: readonly PrivateJwk[] = keys.map(({ privateJwk }) => privateJwk);
  let verification = publicKeys(keys);
  let readAt = performance.now();
  let reading: Promise<void> | undefined;

  async function read() {
    try {
      const [found, cookie = cookies[0] as string] = await Promise.all([repository.list(), repository.cookieKey()]);
      if (kidsOf(found) === kidsOf(keys) && cookie === cookies[0]) return;
      keys = found;
      cookies.splice(0, 1, cookie);
      signing = keys.map(({ privateJwk }) => privateJwk);
      verification = publicKeys(keys);
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
      if (!verification.has(id)) await (performance.now() - readAt >= rereadAfterMs ? reread() : reading);
      const key = verification.get(id);
      if (!key) throw new errors.JWKSNoMatchingKey();
      return key;
    },
    reread,
  };
}
