import { errors, jwtVerify } from 'jose';
import { z } from 'zod';
import type { KeyRing } from './key-ring.ts';

/** Private claims of a user's access token: the id of its grant and, after a sign-in in a browser, the id of the session. */
export const GRANT_CLAIM = 'grant_id';
export const SESSION_CLAIM = 'sid';

/** The client id of callers who have opened a follow link, instead of having an access token. */
export const FOLLOWER = 'follow-link';

/** The claims of a verified access token, or those that replace them in a ticket. */
export const tokenClaims = z.object({
  sub: z.string(),
  clientId: z.string(),
  jti: z.string(),
  /** The id of the token's grant, which ends when its refresh token is revoked or used twice. Absent for a service client. */
  grantId: z.string().optional(),
  /** The id of the browser's session, which ends when the user signs out. */
  sessionUid: z.string().optional(),
  scope: z.string(),
  /** In ms since the epoch. */
  expiresAt: z.number(),
  /**
   * The id of the order's owner (`ownerOf`), whose view the caller gets. Only for {@link FOLLOWER}, in tickets: access tokens do
   * not have this claim.
   */
  ownerId: z.string().optional(),
});
export type TokenClaims = z.output<typeof tokenClaims>;

const accessTokenClaims = z
  .object({
    sub: z.string(),
    client_id: z.string(),
    jti: z.string(),
    exp: z.number(),
    [GRANT_CLAIM]: z.string().optional(),
    [SESSION_CLAIM]: z.string().optional(),
    scope: z.string().default(''),
  })
  .transform(
    ({ client_id: clientId, exp, [GRANT_CLAIM]: grantId, [SESSION_CLAIM]: sessionUid, ...claims }): TokenClaims => ({
      ...claims,
      clientId,
      grantId,
      sessionUid,
      expiresAt: exp * 1_000,
    }),
  );

/** Returns a token's claims, or `undefined` if the token is invalid or has another audience than these. */
export type VerifyAccessToken = (token: string, audiences: string[]) => Promise<TokenClaims | undefined>;

/**
 * Verifies JWT access tokens (RFC 9068): signature, type, issuer, audience, expiry and claims. Does not check whether a token was
 * revoked: `caller-lookup.ts` does.
 */
export const createAccessTokenVerifier =
  (issuer: string, keyRing: KeyRing): VerifyAccessToken =>
  (token, audience) =>
    verifyJwt(token, { keyRing, issuer, audience, typ: 'at+jwt', claims: accessTokenClaims });

/** Returns the claims of a JWT that is signed with a key of the key ring, or `undefined` if it is invalid. */
export async function verifyJwt<Claims>(
  jwt: string,
  {
    keyRing,
    claims,
    ...expected
  }: { keyRing: KeyRing; claims: z.ZodType<Claims>; issuer: string; audience: string | string[]; typ: string },
): Promise<Claims | undefined> {
  try {
    const { payload } = await jwtVerify(jwt, keyRing.verificationKey, { ...expected, algorithms: ['ES256'] });
    return claims.safeParse(payload).data;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}
