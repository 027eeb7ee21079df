import type { Middleware } from 'koa';
import type { Database } from '../../db/connection.ts';
import { createOidcArtifactRepository } from '../../db/oidc-artifacts.ts';
import { createSigningKeyRepository } from '../../db/signing-keys.ts';
import { createUserRepository } from '../../db/users.ts';
import { type SignInLimiter, unlimitedSignIns } from '../limits/sign-in-limiter.ts';
import type { RequestState } from '../middleware/request-log.ts';
import { type AuthState, createAuthenticate } from './authenticate.ts';
import { createCallerLookup } from './caller.ts';
import { createEndpoints } from './endpoints.ts';
import { openKeyRing } from './key-ring.ts';
import { createProvider } from './provider.ts';

export interface AuthOptions {
  database: Database;
  /** Where clients see the API; the OAuth2 issuer. */
  publicUrl: string;
  /** Whether users may trade their password for tokens directly; never in production. */
  passwordGrant: boolean;
  /** Keeps strangers from guessing passwords; nothing does without. */
  signIns?: SignInLimiter | undefined;
  /** For how long a process believes what it knows of a user, in ms. */
  rememberCallersMs?: number | undefined;
}

export interface Auth {
  /** Whether users may trade their password for tokens directly. */
  passwordGrant: boolean;
  /** The Koa application's `keys` must be these: cookies of the OAuth2 server are read through it. */
  keys: string[];
  /** `/oauth/*` and the discovery documents; goes after the request log and before any body parser. */
  endpoints: Middleware<RequestState>;
  /** Sets `ctx.state.caller`. */
  authenticate: Middleware<AuthState>;
}

/** Who may come in: the OAuth2 server and the check of its tokens. Needs Postgres, for the keys. */
export async function createAuth({
  database,
  publicUrl,
  passwordGrant,
  signIns = unlimitedSignIns,
  rememberCallersMs = 30_000,
}: AuthOptions): Promise<Auth> {
  const issuer = publicUrl.replace(/\/+$/, '');
  const audience = `${issuer}/v1`;
  const users = createUserRepository(database);
  const artifacts = createOidcArtifactRepository(database);
  const keyRing = await openKeyRing(createSigningKeyRepository(database));
  const provider = createProvider({ issuer, audience, keyRing, users, artifacts, passwordGrant, signIns });
  return {
    passwordGrant,
    keys: [...keyRing.cookies],
    endpoints: createEndpoints(provider),
    authenticate: createAuthenticate({
      issuer,
      audience,
      keyRing,
      findCaller: createCallerLookup(users, rememberCallersMs),
    }),
  };
}
