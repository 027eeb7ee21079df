import { hash } from 'node:crypto';
import type { Context, Middleware } from 'koa';
import koaJwt from 'koa-jwt';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { isOutage } from '../../db/outage.ts';
import { Problem } from '../http/problem.ts';
import type { Caller, CallerLookup, TokenClaims } from './caller.ts';
import type { KeyRing } from './key-ring.ts';
import { type StreamTickets, streamIn } from './stream-tickets.ts';

/** What {@link createAuthenticate} adds to every request. */
export interface AuthState {
  /** Who sends the request; `undefined` when it carries no credentials. */
  caller: Caller | undefined;
  /** What the token says that they sent. */
  token: TokenClaims | undefined;
}

interface Header {
  typ?: unknown;
  kid?: unknown;
  crit?: unknown;
}

/** Our own claims: the grant that a person's access token came from, and the session of the browser, if it was one. */
export const GRANT_CLAIM = 'grant_id';
export const SESSION_CLAIM = 'sid';

const claimsOfToken = z.object({
  sub: z.string(),
  client_id: z.string(),
  jti: z.string(),
  // Without it a token would never expire.
  exp: z.number(),
  [GRANT_CLAIM]: z.string().optional(),
  [SESSION_CLAIM]: z.string().optional(),
  scope: z.string().default(''),
});

/** The 401 for a request that needs a caller and carries no credentials (RFC 6750 §3). */
export const signInFirst = () =>
  new Problem('unauthenticated', {
    detail: 'Send an access token: Authorization: Bearer <token>.',
    headers: { 'www-authenticate': 'Bearer realm="crema"' },
  });

const invalidToken = (detail: string, cause?: unknown) =>
  new Problem('unauthenticated', {
    detail,
    headers: { 'www-authenticate': 'Bearer realm="crema", error="invalid_token"' },
    cause,
  });

const NOT_OURS = 'The access token is not valid here.';

/** How many tokens a process remembers as verified: a signature takes as long to check as the rest of a small request. */
const CAPACITY = 10_000;

export interface AuthenticateOptions {
  issuer: string;
  audience: string;
  /** What tokens are for that are good for `/codec/` only. */
  codecAudience: string;
  keyRing: KeyRing;
  callers: CallerLookup;
  tickets: StreamTickets;
}

/**
 * Middleware that puts the caller into `ctx.state.caller`, or `undefined` for a request without credentials: routes
 * decide who may. A token must be a JWT access token of ours (RFC 9068): ES256, typ `at+jwt`, our issuer and audience,
 * not expired, not given back, of a person who still exists and has not signed out, or of a service. In its place an event
 * stream takes a ticket. The Temporal Web UI's tokens are for the codec alone, and nothing anywhere else.
 *
 * @throws {Problem} `unauthenticated` for credentials that are no good, other schemes than Bearer included
 */
export function createAuthenticate({
  issuer,
  audience,
  codecAudience,
  keyRing,
  callers,
  tickets,
}: AuthenticateOptions): Middleware<AuthState> {
  const common = {
    key: 'claims',
    issuer,
    algorithms: ['ES256'],
    // Neither library looks at `typ`, without which an ID token would pass, nor at `crit`, which RFC 7515 §4.1.11
    // has us refuse as we know no extension. The keys a token brings along (jwk, jku, x5u) are never looked at.
    async secret({ typ, kid, crit }: Header) {
      if (typ !== 'at+jwt' && typ !== 'application/at+jwt') throw new Error('not an access token');
      if (crit !== undefined) throw new Error('critical extension');
      const key = await keyRing.verifying(kid);
      if (!key) throw new Error('unknown key');
      // Its types are older than Node's key objects, which jsonwebtoken takes.
      return key as unknown as Buffer;
    },
  };
  const verify = koaJwt({ ...common, audience });
  const verifyForCodec = koaJwt({ ...common, audience: [audience, codecAudience] });

  const isForCodec = ({ path }: Context) => path.startsWith('/codec/');

  async function verifiedClaims(ctx: Context): Promise<TokenClaims> {
    try {
      await (isForCodec(ctx) ? verifyForCodec : verify)(ctx, async () => {});
    } catch (thrown) {
      const { originalError = thrown } = thrown as { originalError?: unknown };
      if (isOutage(originalError)) throw originalError;
      const expired = (originalError as Error).name === 'TokenExpiredError';
      throw invalidToken(expired ? 'The access token has expired.' : NOT_OURS, originalError);
    }
    const claims = claimsOfToken.safeParse(ctx.state.claims);
    if (!claims.success) throw invalidToken(NOT_OURS, claims.error);
    const {
      sub,
      client_id: clientId,
      jti,
      exp,
      [GRANT_CLAIM]: grantId,
      [SESSION_CLAIM]: sessionUid,
      scope,
    } = claims.data;
    return { sub, clientId, jti, grantId, sessionUid, scope, expiresAt: exp * 1_000 };
  }

  const verified = new LRUCache<string, TokenClaims>({ max: CAPACITY });
  let verifiedBy = keyRing.signing;

  /** Of a token that was verified before, only the time and the keys can have changed since. */
  async function claimsOf(ctx: Context): Promise<TokenClaims> {
    if (verifiedBy !== keyRing.signing) verified.clear();
    verifiedBy = keyRing.signing;
    // Not the token itself: whoever sees this process's memory must not find what it could be used for.
    const name = hash('sha256', `${isForCodec(ctx)} ${ctx.get('authorization')}`);
    const known = verified.get(name);
    if (known && Date.now() < known.expiresAt) return known;
    const claims = await verifiedClaims(ctx);
    verified.set(name, claims);
    return claims;
  }

  async function tokenOf(ctx: Context): Promise<TokenClaims | undefined> {
    if (ctx.get('authorization') !== '') return claimsOf(ctx);
    const stream = streamIn(ctx);
    const { ticket } = ctx.query;
    if (!stream || ticket === undefined) return undefined;
    const token = await tickets.redeem(String(ticket), stream);
    if (!token) throw invalidToken('The ticket was used or has expired, or is not for this stream.');
    return token;
  }

  async function callerOf(token: TokenClaims): Promise<Caller> {
    const caller = await callers.find(token);
    if (!caller) throw invalidToken('The access token was revoked, or whom it was given to is not known any more.');
    return caller;
  }

  return async (ctx, next) => {
    const token = await tokenOf(ctx);
    ctx.state.token = token;
    ctx.state.caller = token && (await callerOf(token));
    return next();
  };
}
