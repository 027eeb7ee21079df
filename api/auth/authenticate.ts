import { hash } from 'node:crypto';
import { errors } from 'jose';
import type { Context, Middleware } from 'koa';
import koaJwt from 'koa-jwt';
import { LRUCache } from 'lru-cache';
import { Problem } from '../http/problem.ts';
import type { TokenClaims, VerifyAccessToken } from './access-token.ts';
import type { Caller, CallerLookup } from './caller-lookup.ts';
import type { KeyRing } from './key-ring.ts';
import { type StreamTickets, streamIn } from './stream-tickets.ts';

/** The state that {@link createAuthenticate} adds to a request. */
export interface AuthState {
  /** `undefined` for a request without valid credentials. */
  caller?: Caller | undefined;
  /** The claims of the caller's token. */
  token?: TokenClaims | undefined;
  /** The 401 for a request with invalid credentials. */
  credentialsProblem?: Problem | undefined;
  /** The reason why koa-jwt rejected the token. */
  jwtOriginalError?: Error | undefined;
}

const invalidToken = (detail: string) =>
  new Problem('unauthenticated', {
    detail,
    headers: { 'www-authenticate': 'Bearer realm="crema", error="invalid_token"' },
  });

/**
 * How many verified tokens a process caches at most. It caches them because checking a signature takes as long as the rest of a
 * small request.
 */
const CACHE_SIZE = 10_000;

export interface AuthenticateOptions {
  audience: string;
  /** The audience of tokens that are valid for `/codec/` only. */
  codecAudience: string;
  keyRing: KeyRing;
  verifyAccessToken: VerifyAccessToken;
  callers: CallerLookup;
  tickets: StreamTickets;
}

/**
 * Returns middleware that finds the caller of a request by its access token or, for an event stream, by its ticket. It sets
 * `caller` and `token`. For invalid credentials and schemes other than Bearer, it sets `credentialsProblem` instead. For a
 * request without credentials, it sets no field, and the route accepts or rejects the request.
 */
export function createAuthenticate(options: AuthenticateOptions): Middleware<AuthState> {
  const { audience, codecAudience, keyRing, verifyAccessToken, callers, tickets } = options;
  const audiencesFor = ({ path }: Context) => (path.startsWith('/codec/') ? [audience, codecAudience] : [audience]);

  const verifiedClaims = createClaimsCache(keyRing);
  // The key is a hash, so that the cache contains no tokens.
  const cacheKey = (ctx: Context) => hash('sha256', `${audiencesFor(ctx)} ${ctx.get('authorization')}`);

  // koa-jwt checks the signature, but not `typ` and `crit`. So `isRevoked` calls `verifyAccessToken`, which does (ADR 8).
  const checkBearerToken = koaJwt({
    async secret(header) {
      const key = await markFailure(keyRing.verificationKey(header));
      return key.export({ type: 'spki', format: 'pem' });
    },
    algorithms: ['ES256'],
    // On an error, sets `jwtOriginalError` and continues.
    passthrough: true,
    async isRevoked(ctx, _payload, token) {
      const claims = await markFailure(verifyAccessToken(token, audiencesFor(ctx)));
      if (claims) verifiedClaims.set(cacheKey(ctx), claims);
      ctx.state.token = claims;
      return !claims;
    },
  });

  const findCaller: Middleware<AuthState> = async ({ state }, next) => {
    const { token, jwtOriginalError: error } = state;
    if (error instanceof CheckFailed) throw error.cause;
    if (token) state.caller = await callers.find(token);
    if (error?.name === 'TokenExpiredError') state.credentialsProblem = invalidToken('The access token has expired.');
    else if (error) state.credentialsProblem = invalidToken('The access token is not valid here.');
    else if (token && !state.caller) {
      state.credentialsProblem = invalidToken('The access token was revoked, or its user or service no longer exists.');
    }
    return next();
  };

  return async (ctx, next) => {
    const { state } = ctx;
    if (ctx.get('authorization') !== '') {
      state.token = verifiedClaims.get(cacheKey(ctx));
      return state.token ? findCaller(ctx, next) : checkBearerToken(ctx, () => findCaller(ctx, next));
    }
    const stream = streamIn(ctx);
    const { ticket } = ctx.query;
    if (!stream || ticket === undefined) return next();
    state.token = await tickets.redeem(String(ticket), stream);
    if (state.token) return findCaller(ctx, next);
    state.credentialsProblem = invalidToken('The ticket was used or has expired, or is not for this stream.');
    return next();
  };
}

/** An outage or a bug prevented the check of a token. */
class CheckFailed extends Error {}

/**
 * Wraps errors that are not about the token in {@link CheckFailed}, because koa-jwt reports every error as an invalid token.
 */
function markFailure<Result>(work: Promise<Result>): Promise<Result> {
  return work.catch((cause: unknown) => {
    throw cause instanceof errors.JOSEError ? cause : new CheckFailed('The token could not be checked', { cause });
  });
}

/** Caches the claims of verified tokens until the tokens expire or the keys change. */
function createClaimsCache(keyRing: KeyRing) {
  const cache = new LRUCache<string, TokenClaims>({ max: CACHE_SIZE });
  let verifiedBy = keyRing.signing;
  return {
    set: (key: string, claims: TokenClaims) => cache.set(key, claims),
    get(key: string): TokenClaims | undefined {
      if (verifiedBy !== keyRing.signing) cache.clear();
      verifiedBy = keyRing.signing;
      const claims = cache.get(key);
      return claims && Date.now() < claims.expiresAt ? claims : undefined;
    },
  };
}

/** Rejects a request with invalid credentials. Must come after the rate limits, so that they count such requests, too. */
export const rejectInvalidCredentials: Middleware<AuthState> = ({ state }, next) => {
  if (state.credentialsProblem) throw state.credentialsProblem;
  return next();
};
