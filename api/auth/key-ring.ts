import { createPublicKey, type KeyObject } from 'node:crypto';
import { errors } from 'jose';
import type { SigningKey, SigningKeyRepository } from '../../db/signing-keys.ts';

/**
 * The minimum time between two reads because of unknown key ids, in ms. Any client can send such an id, so without this limit,
 * each request could cause a read.
 */
const REREAD_AFTER_MS = 10_000;

/** A private JWK (RFC 7517). */
export type PrivateJwk = Readonly<Record<string, unknown>>;

export type KeyRing = Awaited<ReturnType<typeof openKeyRing>>;

const parseKeys = (keys: readonly SigningKey[]) => ({
  kids: kidsOf(keys),
  signing: keys.map(({ privateJwk }): PrivateJwk => privateJwk),
  verification: new Map(
    keys.map(({ kid, privateJwk: { d: _, ...publicJwk } }) => [
      kid,
      createPublicKey({ key: publicJwk, format: 'jwk' }),
    ]),
  ),
});

const kidsOf = (keys: readonly SigningKey[]) => keys.map(({ kid }) => kid).join();

/** Reads the shop's keys, which sign tokens and cookies and verify tokens. The first process of a new shop creates them. */
export async function openKeyRing(repository: SigningKeyRepository, rereadAfterMs = REREAD_AFTER_MS) {
  /** The secrets that sign cookies, the same in all processes. Changed in place, because Koa keeps a reference to this array. */
  const cookies = [await repository.ensureCookieKey()];
  let keys = parseKeys(await repository.ensure());
  let readAt = performance.now();
  let reading: Promise<void> | undefined;

  async function read() {
    try {
      const [found, cookie = cookies[0] as string] = await Promise.all([repository.list(), repository.cookieKey()]);
      if (kidsOf(found) === keys.kids && cookie === cookies[0]) return;
      cookies.splice(0, 1, cookie);
      keys = parseKeys(found);
    } finally {
      readAt = performance.now();
      reading = undefined;
    }
  }

  /** Reads the keys again, as they may have been rotated. */
  function reread(): Promise<void> {
    reading ??= read();
    return reading;
  }

  return {
    /** The key that signs, the next one, then the retired ones. The same array until a key or the cookie secret changes. */
    get signing(): readonly PrivateJwk[] {
      return keys.signing;
    },
    cookies,
    /**
     * Returns the public key that a token's header names. If its id is unknown, reads the keys again, at most every 10 s,
     * because another process may have created a newer key.
     *
     * @throws {errors.JWKSNoMatchingKey} if there is no such key
     */
    async verificationKey({ kid }: { kid?: unknown }): Promise<KeyObject> {
      const id = String(kid);
      if (!keys.verification.has(id)) await (performance.now() - readAt >= rereadAfterMs ? reread() : reading);
      const key = keys.verification.get(id);
      if (!key) throw new errors.JWKSNoMatchingKey();
      return key;
    },
    reread,
  };
}
