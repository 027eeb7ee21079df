import { createPublicKey, hkdfSync, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import type { SigningKey, SigningKeyRepository } from '../../db/signing-keys.ts';

/** Unknown key ids come from anyone who can type, so they make us look into Postgres this seldom, in ms. */
const REREAD_AFTER_MS = 10_000;

/** The keys of this process: they sign tokens and cookies, and verify tokens. */
export interface KeyRing {
  /** Private JWKs, the one that signs first. */
  readonly signing: readonly Record<string, unknown>[];
  /** Secrets for signed cookies, the one that signs first; derived, so that all processes share them. */
  readonly cookies: readonly string[];
  /**
   * The public key a token names. Another process may have a newer key than this one, so an unknown id has the keys
   * read again, but not more often than every 10 s.
   *
   * @param kid the token's header, unverified: anything
   */
  verifying(kid: unknown): Promise<KeyObject | undefined>;
}

async function generateSigningKey(): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(privateKey);
  const kid = await calculateJwkThumbprint(jwk);
  return { kid, privateJwk: { ...jwk, kid, alg: 'ES256', use: 'sig' } };
}

/** RFC 5869: a secret of its own for each purpose, from one that is already kept safe. */
const deriveCookieKey = ({ privateJwk }: SigningKey) =>
  Buffer.from(hkdfSync('sha256', String(privateJwk.d), '', 'crema cookies', 32)).toString('base64url');

function publicKeys(keys: readonly SigningKey[]): Map<string, KeyObject> {
  return new Map(
    keys.map(({ kid, privateJwk: { d: _, ...publicJwk } }) => [
      kid,
      createPublicKey({ key: publicJwk, format: 'jwk' }),
    ]),
  );
}

/** Reads the shop's keys; the first process of a new shop makes the first. @param rereadAfterMs see {@link KeyRing} */
export async function openKeyRing(repository: SigningKeyRepository, rereadAfterMs = REREAD_AFTER_MS): Promise<KeyRing> {
  const keys = await repository.ensure(generateSigningKey);
  let known = publicKeys(keys);
  let readAt = performance.now();
  let reading: Promise<void> | undefined;

  async function reread() {
    try {
      known = publicKeys(await repository.list());
    } finally {
      readAt = performance.now();
      reading = undefined;
    }
  }

  return {
    signing: keys.map(({ privateJwk }) => privateJwk),
    cookies: keys.map(deriveCookieKey),
    async verifying(kid) {
      if (typeof kid !== 'string') return undefined;
      if (!known.has(kid)) {
        if (performance.now() - readAt >= rereadAfterMs) reading ??= reread();
        await reading;
      }
      return known.get(kid);
    },
  };
}
