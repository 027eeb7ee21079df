import type { Middleware } from 'koa';
import type { Provider } from 'oidc-provider';
import type { Database } from '../../db/connection.ts';
import { createOidcArtifactRepository } from '../../db/oidc-artifacts.ts';
import { createServiceClientRepository } from '../../db/service-clients.ts';
import { createSigningKeyRepository } from '../../db/signing-keys.ts';
import { createUserRepository } from '../../db/users.ts';
import { type SignInLimiter, unlimitedSignIns } from '../http/limits/sign-in-limiter.ts';
import type { Pages } from '../http/pages/page.ts';
import { createAccessTokenVerifier } from './access-token.ts';
import { createAuthenticate } from './authenticate.ts';
import { createCallerLookup } from './caller-lookup.ts';
import { createEndpoints, mountProvider } from './endpoints.ts';
import { openKeyRing, type PrivateJwk } from './key-ring.ts';
import { createSignInPage } from './pages/sign-in-page.ts';
import { createPasswordVersions } from './password-versions.ts';
import { createProvider } from './provider.ts';
import { revokeAccessTokens } from './revocation.ts';
import { createSignIn } from './sign-in.ts';
import { createStreamTickets } from './stream-tickets.ts';
import type { TemporalUi } from './temporal-ui.ts';

/**
 * How long retired keys are kept, in ms. They verify old ID tokens, because at sign-out, applications send ID tokens as hints,
 * even long after their expiry.
 */
const RETIRED_KEYS_KEPT_MS = 15 * 24 * 60 * 60_000;

/** The API's own pages to which a sign-in returns. */
const ownPages = ['/docs/oauth2-redirect', '/', '/board'];

/** How many expired rows one upkeep removes at most, so that the removal does not block Postgres. */
const EXPIRED_AT_ONCE = 5_000;

export interface AuthOptions {
  database: Database;
  pages: Pages;
  publicUrl: string;
  /** Whether the token endpoint accepts passwords. Must be false in production. */
  passwordGrant: boolean;
  signInLimiter?: SignInLimiter | undefined;
  /** The redirect URIs of browser apps. The API's own pages are always allowed. */
  redirectUris?: readonly string[] | undefined;
  temporalUi?: TemporalUi | undefined;
  /** How long a process caches the caller of a token, in ms. */
  callerCacheMs?: number | undefined;
}

/** Creates the OAuth2 server and the check of its tokens. Reads the keys from Postgres. */
export async function createAuth({
  database,
  publicUrl: issuer,
  signInLimiter = unlimitedSignIns,
  redirectUris = [],
  callerCacheMs = 30_000,
  temporalUi,
  ...options
}: AuthOptions) {
  const { pages, passwordGrant } = options;
  const audience = `${issuer}/v1`;
  const codecAudience = `${issuer}/codec`;
  const repositories = {
    users: createUserRepository(database),
    serviceClients: createServiceClientRepository(database),
    artifacts: createOidcArtifactRepository(database),
  };
  const { users, artifacts } = repositories;
  const signingKeys = createSigningKeyRepository(database);
  const keyRing = await openKeyRing(signingKeys);
  const verifyAccessToken = createAccessTokenVerifier(issuer, keyRing);
  const callers = createCallerLookup({ ...repositories, cacheMs: callerCacheMs });
  const tickets = createStreamTickets({ issuer, audience, keyRing, artifacts });
  const passwordVersions = createPasswordVersions();
  const signIn = createSignIn({ users, limiter: signInLimiter, passwordVersions });
  const onEnded = callers.evict;

  const currentServer = cachedByKeys(keyRing, (signing) => {
    const provider = createProvider({
      ...options,
      issuer,
      audience,
      codecAudience,
      signing,
      cookies: keyRing.cookies,
      ...repositories,
      passwordVersions,
      signIn,
      redirectUris: [...ownPages.map((path) => issuer + path), ...redirectUris],
      temporalUi,
      onEnded,
    });
    revokeAccessTokens(provider, { verifyAccessToken, audiences: [audience, codecAudience], artifacts, onEnded });
    return { provider, serve: mountProvider(provider) };
  });

  return {
    passwordGrant,
    /** The secrets that sign cookies, for `keys` of the Koa application. */
    keys: keyRing.cookies,
    endpoints: createEndpoints({
      issuer,
      pages,
      server: () => currentServer().serve,
      signInPage: createSignInPage({ pages, provider: () => currentServer().provider, signIn, keys: keyRing.cookies }),
      passwordVersions,
    }),
    authenticate: createAuthenticate({ audience, codecAudience, keyRing, verifyAccessToken, callers, tickets }),
    /** Removes callers from this process's cache. @param id the id of a user, a service client, a grant or a token (`jti`) */
    evict: callers.evict,
    /** Looks up the current caller of a token. Event streams repeat the lookup to check whether they may continue. */
    callers,
    tickets,
    /** Reads the keys, which may have been rotated, and removes old keys and expired rows. Call it regularly. */
    async upkeep(): Promise<void> {
      await keyRing.reread();
      await signingKeys.removeRetired(RETIRED_KEYS_KEPT_MS);
      await artifacts.removeExpired(EXPIRED_AT_ONCE);
    },
  };
}

export type Auth = Awaited<ReturnType<typeof createAuth>>;

interface Server {
  provider: Provider;
  serve: Middleware;
}

/** Returns a function that caches a server until the keys change. Requests in progress complete on the previous server. */
function cachedByKeys(keyRing: { signing: readonly PrivateJwk[] }, create: (signing: readonly PrivateJwk[]) => Server) {
  let cached: { signing: readonly PrivateJwk[]; server: Server } | undefined;
  return (): Server => {
    const { signing } = keyRing;
    if (cached?.signing !== signing) cached = { signing, server: create(signing) };
    return cached.server;
  };
}
