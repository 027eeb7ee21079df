import type { Middleware } from 'koa';
import type { Provider } from 'oidc-provider';
import type { Database } from '../../db/connection.ts';
import { createOidcArtifactRepository } from '../../db/oidc-artifacts.ts';
import { createServiceClientRepository } from '../../db/service-clients.ts';
import { createSigningKeyRepository } from '../../db/signing-keys.ts';
import { createUserRepository } from '../../db/users.ts';
import { scopesOf } from '../../domain/scopes.ts';
import { type SignInLimiter, unlimitedSignIns } from '../http/limits/sign-in-limiter.ts';
import type { RequestState } from '../http/middleware/request-log.ts';
import type { Pages } from '../http/pages/page.ts';
import { createAccessTokenVerifier } from './access-token.ts';
import { type AuthState, createAuthenticate } from './authenticate.ts';
import { type CallerLookup, createCallerLookup } from './caller.ts';
import { createEndpoints } from './endpoints.ts';
import { openKeyRing, type PrivateJwk } from './key-ring.ts';
import { createSignInPage } from './pages/sign-in.ts';
import { createPasswordVersions } from './password-versions.ts';
import { createProvider } from './provider.ts';
import { acceptAccessTokens } from './revocation.ts';
import { createSignIn } from './sign-in.ts';
import { createStreamTickets, type StreamTickets } from './stream-tickets.ts';
import type { TemporalUi } from './temporal-ui.ts';

/** Tokens of a retired key have expired long ago by then, but ID tokens come back as hints when people sign out; in ms. */
const RETIRED_KEYS_KEPT_MS = 15 * 24 * 60 * 60_000;

/** How many expired rows one upkeep removes at most, so that it never holds Postgres up. */
const EXPIRED_AT_ONCE = 5_000;

export interface AuthOptions {
  database: Database;
  /** Writes the pages where people sign in and out. */
  pages: Pages;
  /** Where clients see the API; the OAuth2 issuer. */
  publicUrl: string;
  /** Whether users may trade their password for tokens directly; never in production. */
  passwordGrant: boolean;
  /** Keeps strangers from guessing passwords; nothing does without. */
  signInLimiter?: SignInLimiter | undefined;
  /** Pages of browser apps that people may be sent back to once they have signed in, besides the docs page. */
  redirectUris?: readonly string[] | undefined;
  /** The Temporal Web UI, where managers sign in to it through us. */
  temporalUi?: TemporalUi | undefined;
  /** For how long a process believes what it knows of a caller, in ms. */
  callerCacheMs?: number | undefined;
}

export interface Auth {
  /** Whether users may trade their password for tokens directly. */
  passwordGrant: boolean;
  /** The Koa application's `keys` must be these: cookies of the OAuth2 server are read through it. */
  keys: string[];
  /** `/oauth/*` and the discovery documents; goes after the request log and before any body parser. */
  endpoints: Middleware<RequestState>;
  /** See {@link createAuthenticate}. */
  authenticate: Middleware<AuthState>;
  /** Has this process ask Postgres again at once. @param id of a person, a service, a grant or a token (`jti`) */
  evict(id: string): void;
  /** Who a token's caller is by now, for whoever serves them for longer than a request. */
  callers: Pick<CallerLookup, 'find' | 'onEvict'>;
  tickets: StreamTickets;
  /** To be called every now and then: learns of rotated keys, removes what has expired. */
  upkeep(): Promise<void>;
}

/** Who may come in: the OAuth2 server and the check of its tokens. Needs Postgres, for the keys. */
export async function createAuth({
  database,
  pages,
  publicUrl: issuer,
  passwordGrant,
  signInLimiter = unlimitedSignIns,
  redirectUris = [],
  temporalUi,
  callerCacheMs = 30_000,
}: AuthOptions): Promise<Auth> {
  const audience = `${issuer}/v1`;
  const codecAudience = `${issuer}/codec`;
  const users = createUserRepository(database);
  const services = createServiceClientRepository(database);
  const artifacts = createOidcArtifactRepository(database);
  const signingKeys = createSigningKeyRepository(database);
  const keyRing = await openKeyRing(signingKeys);
  const verifyAccessToken = createAccessTokenVerifier(issuer, keyRing);
  const callers = createCallerLookup({ users, services, artifacts, cacheMs: callerCacheMs });
  const tickets = createStreamTickets({ issuer, audience, keyRing, artifacts });
  const passwordVersions = createPasswordVersions();
  const signIn = createSignIn({ users, limiter: signInLimiter, passwordVersions });
  const ended = callers.evict;

  const provider = memoized((signing) => {
    const made = createProvider({
      issuer,
      pages,
      audience,
      codecAudience,
      signing,
      cookies: keyRing.cookies,
      users,
      services,
      artifacts,
      passwordVersions,
      signIn,
      passwordGrant,
      redirectUris: [`${issuer}/docs/oauth2-redirect`, ...redirectUris],
      temporalUi,
      ended,
    });
    acceptAccessTokens(made, { verifyAccessToken, audiences: [audience, codecAudience], artifacts, ended });
    return made;
  });
  const current = () => provider(keyRing.signing);

  return {
    passwordGrant,
    keys: keyRing.cookies,
    endpoints: createEndpoints({
      issuer,
      pages,
      provider: current,
      signInPage: createSignInPage({ pages, provider: current, signIn, keys: keyRing.cookies }),
      scopes: scopesOf('manager'),
      passwordVersions,
    }),
    authenticate: createAuthenticate({ audience, codecAudience, keyRing, verifyAccessToken, callers, tickets }),
    evict: callers.evict,
    callers,
    tickets,
    async upkeep() {
      await keyRing.reread();
      await signingKeys.removeRetired(RETIRED_KEYS_KEPT_MS);
      await artifacts.removeExpired(EXPIRED_AT_ONCE);
    },
  };
}

/** The library takes its keys once and for all, so other keys mean another one. Requests that run end on theirs. */
function memoized(make: (signing: readonly PrivateJwk[]) => Provider) {
  let made: { from: readonly PrivateJwk[]; provider: Provider } | undefined;
  return (signing: readonly PrivateJwk[]): Provider => {
    if (made?.from !== signing) made = { from: signing, provider: make(signing) };
    return made.provider;
  };
}
