import {
  type Client,
  type ClientMetadata,
  type Configuration,
  errors,
  interactionPolicy,
  type KoaContextWithOIDC,
  Provider,
} from 'oidc-provider';
import type { OidcArtifactRepository } from '../../db/oidc-artifacts.ts';
import { type ServiceClientRepository, verifySecret } from '../../db/service-clients.ts';
import type { User, UserRepository } from '../../db/users.ts';
import type { Role } from '../../domain/actor.ts';
import { allScopes, type Scope, scopesOf } from '../../domain/scopes.ts';
import type { Pages } from '../http/pages/page.ts';
import { GRANT_CLAIM, SESSION_CLAIM } from './access-token.ts';
import { createArtifactAdapter } from './artifact-adapter.ts';
import { registerClientCredentialsGrant, SERVICE_SCOPES } from './client-credentials-grant.ts';
import {
  DISPLAY,
  displayClient,
  displayScopesOf,
  endOtherGrants,
  isDisplaySession,
  keepDisplaysSignedIn,
} from './display.ts';
import type { PrivateJwk } from './key-ring.ts';
import { createErrorPage } from './pages/error-pages.ts';
import { keepLanguage, signOutPages } from './pages/sign-out.ts';
import { registerPasswordGrant } from './password-grant.ts';
import type { PasswordVersions } from './password-versions.ts';
import type { SignIn } from './sign-in.ts';
import { requireOwnSession, requireRole } from './sign-in-checks.ts';
import { codecScopesOf, TEMPORAL_UI, type TemporalUi, temporalUiClient } from './temporal-ui.ts';

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;

/** The public client of the docs page and of the shop's own apps. */
const OWN_CLIENT = 'crema';

/** All paths of oidc-provider. For a route that is missing here, oidc-provider would use its default path. */
const routes = {
  authorization: '/oauth/authorize',
  backchannel_authentication: '/oauth/backchannel',
  challenge: '/oauth/challenge',
  code_verification: '/oauth/device',
  credential: '/oauth/credential',
  device_authorization: '/oauth/device/authorize',
  end_session: '/oauth/logout',
  introspection: '/oauth/introspect',
  jwks: '/.well-known/jwks.json',
  pushed_authorization_request: '/oauth/par',
  registration: '/oauth/register',
  revocation: '/oauth/revoke',
  token: '/oauth/token',
  userinfo: '/oauth/userinfo',
};

/** The lifetimes of artifacts, in seconds. */
const ttl = {
  AccessToken: 10 * MINUTE,
  AuthorizationCode: MINUTE,
  ClientCredentials: 10 * MINUTE,
  // Each rotated token lives for 14 days, but never longer than the grant.
  RefreshToken: 14 * DAY,
  Grant: 90 * DAY,
  IdToken: 10 * MINUTE,
  Interaction: 60 * MINUTE,
  Session: 90 * DAY,
};

/** Because of the path, browsers do not send the session cookie to the API. */
const sessionCookie = { signed: true, httpOnly: true, sameSite: 'lax', path: '/oauth' } as const;

export interface ProviderOptions {
  /** The base URL of the API as clients see it, without a trailing slash. */
  issuer: string;
  pages: Pages;
  audience: string;
  /** The audience of the Temporal Web UI's tokens, which are valid for the codec endpoint only. */
  codecAudience: string;
  /** The key that signs, then the keys that are only published. */
  signing: readonly PrivateJwk[];
  cookies: readonly string[];
  users: UserRepository;
  serviceClients: ServiceClientRepository;
  artifacts: OidcArtifactRepository;
  passwordVersions: PasswordVersions;
  signIn: SignIn;
  passwordGrant: boolean;
  /** The exact URLs that the sign-in page may redirect to. */
  redirectUris: readonly string[];
  temporalUi: TemporalUi | undefined;
  onEnded: (grantId: string) => void;
}

/** Creates the OAuth2 and OpenID Connect server. New keys require a new server. */
export function createProvider(options: ProviderOptions): Provider {
  const { issuer, audience, users, signIn } = options;
  const provider = new Provider(issuer, configurationOf(options));
  // oidc-provider lists only the scopes of OpenID Connect in its discovery document, so this adds those of the API.
  provider.use(async (ctx, next) => {
    await next();
    if (ctx.oidc?.route !== 'discovery') return;
    const document = ctx.body as { scopes_supported: string[] };
    document.scopes_supported.push(...allScopes);
  });
  provider.use(keepLanguage(users) as Parameters<Provider['use']>[0]);
  // By default, oidc-provider builds URLs from the Host header, which a client can forge.
  provider.OIDCContext.prototype.urlFor = (name: string, parameters?: Record<string, unknown>) =>
    provider.urlFor(name, parameters);
  // With `proxy`, oidc-provider reads the protocol from `X-Forwarded-Proto`, which `createEndpoints` sets. For https, it then
  // makes cookies Secure.
  provider.proxy = true;
  // By default, oidc-provider compares the secrets themselves, but the stored client has only a hash.
  provider.Client.prototype.compareClientSecret = function (this: { clientSecret?: string }, actual) {
    return verifySecret(this.clientSecret ?? '', actual);
  };
  keepDisplaysSignedIn(provider, { artifacts: options.artifacts, lifetime: ttl.Session, cookie: sessionCookie });
  registerClientCredentialsGrant(provider, audience);
  if (options.passwordGrant) registerPasswordGrant(provider, signIn, audience);
  return provider;
}

function configurationOf(options: ProviderOptions): Configuration {
  const { issuer, pages, signing, cookies, users, redirectUris } = options;
  const policy = interactionPolicy.base();
  // Users sign in to the shop's own applications only, so there is no consent page.
  policy.remove('consent');
  for (const check of [requireRole(), requireOwnSession()]) policy.get('login')?.checks.add(check);
  const browserOrigins = new Set([issuer, ...redirectUris].map((uri) => new URL(uri).origin));

  return {
    adapter: createArtifactAdapter(options),
    jwks: { keys: [...signing] },
    cookies: {
      keys: [...cookies],
      names: { session: 'crema_session', interaction: 'crema_sign_in', resume: 'crema_resume' },
      long: sessionCookie,
      short: { signed: true, httpOnly: true, sameSite: 'lax' },
    },
    routes,
    clients: clientsOf(options),
    clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post'],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    extraClientMetadata: { properties: [SERVICE_SCOPES] },
    responseTypes: ['code'],
    scopes: ['openid'],
    // RFC 9700 §2.1.1 requires PKCE or a nonce, which the Temporal Web UI sends. oidc-provider supports S256 only.
    pkce: { required: (_ctx, { clientId }) => clientId !== TEMPORAL_UI },
    allowOmittingSingleRegisteredRedirectUri: false,
    interactions: { policy, url: (_ctx, { uid }) => `/oauth/sign-in/${uid}` },
    ttl,
    rotateRefreshToken: true,
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    // Signing out ends all tokens of the session.
    expiresWithSession: () => true,
    loadExistingGrant: (ctx) => grantOf(ctx, resourceOf(options, ctx.oidc.client as Client)),
    extraTokenClaims: (_ctx, token) =>
      token.kind === 'AccessToken' ? { [GRANT_CLAIM]: token.grantId, [SESSION_CLAIM]: token.sessionUid } : undefined,
    features: featuresOf(options),
    async findAccount(_ctx, id) {
      const user = await users.find(id);
      return user && { accountId: id, user, claims: () => ({ sub: id }) };
    },
    // Browsers send `Origin` with every POST. So the API's own origin must be allowed, too, for Crema's pages.
    clientBasedCORS: (ctx, origin) => browserOrigins.has(origin) || URL.parse(origin)?.host === ctx.host,
    renderError: createErrorPage(pages),
  };
}

const featuresOf = (options: ProviderOptions): Configuration['features'] => ({
  devInteractions: { enabled: false },
  dPoP: { enabled: false },
  pushedAuthorizationRequests: { enabled: false },
  revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
  rpInitiatedLogout: { enabled: true, ...signOutPages(options.pages, options.users) },
  // oidc-provider's userinfo endpoint accepts opaque tokens only, but Crema's tokens are JWTs. Clients use GET /v1/me instead.
  userinfo: { enabled: false },
  resourceIndicators: {
    enabled: true,
    defaultResource: (_ctx, client) => resourceOf(options, client).uri,
    useGrantedResource: () => true,
    getResourceServerInfo(ctx, resource, client) {
      const { uri, scopesOf } = resourceOf(options, client);
      if (resource !== uri) throw new errors.InvalidTarget();
      const account = ctx.oidc.account as { user: User } | undefined;
      return {
        audience: uri,
        // The scopes follow the user's current role. So after a demotion, a refresh token gets fewer scopes.
        scope: scopesOf(account?.user.role ?? 'manager').join(' '),
        accessTokenFormat: 'jwt',
        accessTokenTTL: ttl.AccessToken,
        jwt: { sign: { alg: 'ES256' } },
      };
    },
  },
});

const clientsOf = ({ issuer, pages, passwordGrant, redirectUris, temporalUi }: ProviderOptions): ClientMetadata[] => [
  {
    client_id: OWN_CLIENT,
    client_name: pages.name,
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token', ...(passwordGrant ? ['password'] : [])],
    response_types: ['code'],
    redirect_uris: [...redirectUris],
    post_logout_redirect_uris: [...redirectUris, `${issuer}/docs`],
    id_token_signed_response_alg: 'ES256',
  },
  displayClient(issuer),
  ...(temporalUi ? [temporalUiClient(temporalUi)] : []),
];

/** The resource server that a client's tokens are for, and the scopes of a role there. */
interface Resource {
  uri: string;
  scopesOf(role: Role): readonly Scope[];
}

function resourceOf({ audience, codecAudience }: ProviderOptions, { clientId }: Client): Resource {
  if (clientId === TEMPORAL_UI) return { uri: codecAudience, scopesOf: codecScopesOf };
  return { uri: audience, scopesOf: clientId === DISPLAY ? displayScopesOf : scopesOf };
}

/** Returns the session's grant to a client, which contains all scopes of the user's role. Creates it if it is missing. */
async function grantOf(ctx: KoaContextWithOIDC, { uri, scopesOf }: Resource) {
  const { account, client, session, provider } = ctx.oidc;
  const { user } = account as unknown as { user: User };
  const { clientId } = client as Client;
  if (session && clientId === DISPLAY && isDisplaySession(session)) await endOtherGrants(provider, session);
  const id = session?.grantIdFor(clientId);
  const grant = (id && (await provider.Grant.find(id))) || new provider.Grant({ accountId: user.id, clientId });
  grant.addOIDCScope('openid');
  grant.addResourceScope(uri, scopesOf(user.role).join(' '));
  await grant.save();
  return grant;
}
