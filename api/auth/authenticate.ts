import type { Context, Middleware } from 'koa';
import koaJwt from 'koa-jwt';
import { isOutage } from '../../db/outage.ts';
import { Problem } from '../problem.ts';
import type { Caller, CallerLookup } from './caller.ts';
import type { KeyRing } from './key-ring.ts';

/** What {@link createAuthenticate} adds to every request. */
export interface AuthState {
  /** Who sends the request; `undefined` when it carries no credentials. */
  caller: Caller | undefined;
}

interface Header {
  typ?: unknown;
  kid?: unknown;
  crit?: unknown;
}

interface Claims {
  sub?: unknown;
  exp?: unknown;
  scope?: unknown;
}

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

export interface AuthenticateOptions {
  issuer: string;
  audience: string;
  keyRing: KeyRing;
  findCaller: CallerLookup;
}

/**
 * Middleware that puts the caller into `ctx.state.caller`, or `undefined` for a request without credentials: routes
 * decide who may. A token must be a JWT access token of ours (RFC 9068): ES256, typ `at+jwt`, our issuer and audience,
 * not expired, of a person who still exists.
 *
 * @throws {Problem} `unauthenticated` for credentials that are no good, other schemes than Bearer included
 */
export function createAuthenticate({
  issuer,
  audience,
  keyRing,
  findCaller,
}: AuthenticateOptions): Middleware<AuthState> {
  const verify = koaJwt({
    key: 'claims',
    issuer,
    audience,
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
  });

  async function claimsOf(ctx: Context): Promise<Claims> {
    try {
      await verify(ctx, async () => {});
    } catch (thrown) {
      const { originalError = thrown } = thrown as { originalError?: unknown };
      if (isOutage(originalError)) throw originalError;
      const expired = (originalError as Error).name === 'TokenExpiredError';
      throw invalidToken(expired ? 'The access token has expired.' : NOT_OURS, originalError);
    }
    return ctx.state.claims as Claims;
  }

  async function callerOf(ctx: Context): Promise<Caller> {
    const { sub, exp, scope } = await claimsOf(ctx);
    if (typeof sub !== 'string' || typeof exp !== 'number') throw invalidToken(NOT_OURS);
    const caller = await findCaller(sub, typeof scope === 'string' ? scope : '');
    if (!caller) throw invalidToken('The person this access token was given to is not known any more.');
    return caller;
  }

  return async (ctx, next) => {
    ctx.state.caller = ctx.get('authorization') === '' ? undefined : await callerOf(ctx);
    return next();
  };
}
