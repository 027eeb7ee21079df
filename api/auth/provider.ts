import { type Client, errors, interactionPolicy, type KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { OidcArtifactRepository } from '../../db/oidc-artifacts.ts';
import { type ServiceClientRepository, verifySecret } from '../../db/service-clients.ts';
import type { User, UserRepository } from '../../db/users.ts';
import type { Role } from '../../domain/actor.ts';
import { type Scope, scopesOf } from '../../domain/scopes.ts';
import type { Pages } from '../http/pages/page.ts';
import { GRANT_CLAIM, SESSION_CLAIM } from './access-token.ts';
import { createArtifactAdapter } from './artifact-adapter.ts';
import { registerClientCredentialsGrant, SERVICE_SCOPES } from './client-credentials-grant.ts';
import type { PrivateJwk } from './key-ring.ts';
import { createErrorPage } from './pages/error-pages.ts';
import { keepLanguage, signOutPages } from './pages/sign-out.ts';
import { registerPasswordGrant } from './password-grant.ts';
import type { PasswordVersions } from './password-versions.ts';
import type { SignIn } from './sign-in.ts';
import { codecScopesOf, managersOnly, TEMPORAL_UI, type TemporalUi, temporalUiClient } from './temporal-ui.ts';

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;

/** The public client of the docs page and of the shop's own pages (design §6). */
const OWN_CLIENT = 'crema';

/** Every path the library can serve, so that none of them is left to its defaults. */
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

export interface ProviderOptions {
  /** Where clients see the API, without a trailing slash. */
  issuer: string;
  /** Writes what people read. */
  pages: Pages;
  /** The API, as the resource its tokens are for. */
  audience: string;
  /** The codec endpoint, as the one resource that the Temporal Web UI's tokens are for. */
  codecAudience: string;
  /** The key that signs, and those that are only published. */
  signing: readonly PrivateJwk[];
  /** Secrets for signed cookies. */
  cookies: readonly string[];
  users: UserRepository;
  services: ServiceClientRepository;
  artifacts: OidcArtifactRepository;
  passwordVersions: PasswordVersions;
  signIn: SignIn;
  passwordGrant: boolean;
  /** Where the sign-in page may send people back to, exactly. */
  redirectUris: readonly string[];
  /** Where people sign in to the Temporal Web UI through us. */
  temporalUi: TemporalUi | undefined;
  /** Is told the id of every grant that ends. */
  ended: (grantId: string) => void;
}

/** The shop's OAuth2 and OpenID Connect server (design §6), for as long as the keys stay the same. */
export function createProvider({
  issuer,
  pages,
  audience,
  codecAudience,
  signing,
  cookies,
  users,
  services,
  artifacts,
  passwordVersions,
  signIn,
  passwordGrant,
  redirectUris,
  temporalUi,
  ended,
}: ProviderOptions): Provider {
  const policy = interactionPolicy.base();
  // People sign in to the shop's own applications only: whom would they consent to?
  policy.remove('consent');
  policy.get('login')?.checks.add(managersOnly());
  const resourceOf = ({ clientId }: Client): Resource =>
    clientId === TEMPORAL_UI ? { uri: codecAudience, scopesOf: codecScopesOf } : { uri: audience, scopesOf };
  const browserOrigins = new Set([issuer, ...redirectUris].map((uri) => new URL(uri).origin));

  const provider = new Provider(issuer, {
    adapter: createArtifactAdapter({ artifacts, services, passwordVersions, ended }),
    jwks: { keys: [...signing] },
    cookies: {
      keys: [...cookies],
      names: { session: 'crema_session', interaction: 'crema_sign_in', resume: 'crema_resume' },
      // The API itself never sees them.
      long: { signed: true, httpOnly: true, sameSite: 'lax', path: '/oauth' },
      short: { signed: true, httpOnly: true, sameSite: 'lax' },
    },
    routes,
    clients: [
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
      ...(temporalUi ? [temporalUiClient(temporalUi)] : []),
    ],
    clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post'],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    extraClientMetadata: { properties: [SERVICE_SCOPES] },
    responseTypes: ['code'],
    scopes: ['openid'],
    // RFC 9700 §2.1.1; the library knows S256 only.
    pkce: { required: (_ctx, { clientId }) => clientId !== TEMPORAL_UI },
    allowOmittingSingleRegisteredRedirectUri: false,
    interactions: { policy, url: (_ctx, { uid }) => `/oauth/sign-in/${uid}` },
    ttl: {
      AccessToken: 10 * MINUTE,
      AuthorizationCode: MINUTE,
      ClientCredentials: 10 * MINUTE,
      // A refresh token lives for 14 days, and its successors do, but none outlives the grant.
      RefreshToken: 14 * DAY,
      Grant: 90 * DAY,
      IdToken: 10 * MINUTE,
      Interaction: 60 * MINUTE,
      Session: 90 * DAY,
    },
    rotateRefreshToken: true,
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    // Signing out ends everything that came from the session.
    expiresWithSession: () => true,
    loadExistingGrant: (ctx) => grantOf(ctx, resourceOf(ctx.oidc.client as Client)),
    extraTokenClaims: (_ctx, token) =>
      token.kind === 'AccessToken' ? { [GRANT_CLAIM]: token.grantId, [SESSION_CLAIM]: token.sessionUid } : undefined,
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
      rpInitiatedLogout: { enabled: true, ...signOutPages(pages, users) },
      // It takes opaque tokens only, and ours are JWTs: the API's own GET /v1/me serves instead.
      userinfo: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_ctx, client) => resourceOf(client).uri,
        useGrantedResource: () => true,
        getResourceServerInfo(ctx, resource, client) {
          const { uri, scopesOf } = resourceOf(client);
          if (resource !== uri) throw new errors.InvalidTarget();
          const account = ctx.oidc.account as { user: User } | undefined;
          // The person's role as it is now: the refresh token of a manager who no longer is one narrows.
          const scopes = scopesOf(account?.user.role ?? 'manager');
          return {
            audience: uri,
            scope: scopes.join(' '),
            accessTokenFormat: 'jwt',
            accessTokenTTL: 10 * MINUTE,
            jwt: { sign: { alg: 'ES256' } },
          };
        },
      },
    },
    async findAccount(_ctx, id) {
      const user = await users.find(id);
      return user && { accountId: id, user, claims: () => ({ sub: id }) };
    },
    // Browsers send `Origin` with every POST, from our own pages too.
    clientBasedCORS: (ctx, origin) => browserOrigins.has(origin) || URL.parse(origin)?.host === ctx.host,
    renderError: createErrorPage(pages),
  });
  // The library lists the scopes of OpenID Connect only: those of the API belong to a resource server.
  provider.use(async (ctx, next) => {
    await next();
    if (ctx.oidc?.route !== 'discovery') return;
    const document = ctx.body as { scopes_supported: string[] };
    document.scopes_supported.push(...scopesOf('manager'));
  });
  provider.use(keepLanguage(users) as Parameters<Provider['use']>[0]);
  // The library builds these from the request's Host header, which is the client's to choose.
  provider.OIDCContext.prototype.urlFor = (name: string, options?: Record<string, unknown>) =>
    provider.urlFor(name, options);
  // Of what a proxy says, only the protocol is looked at, for cookies, and `createEndpoints` sets it.
  provider.proxy = true;
  // The library would compare secrets; of ours only the hash is kept.
  provider.Client.prototype.compareClientSecret = function compareClientSecret(
    this: { clientSecret?: string },
    actual,
  ) {
    return verifySecret(this.clientSecret ?? '', actual);
  };
  registerClientCredentialsGrant(provider, audience);
  if (passwordGrant) registerPasswordGrant(provider, signIn, audience);
  return provider;
}

/** What a client's tokens are for, and what a role may do there. */
interface Resource {
  uri: string;
  scopesOf(role: Role): readonly Scope[];
}

/** What a person allows a client of ours: everything their role may do there. It lasts for the session. */
async function grantOf(ctx: KoaContextWithOIDC, { uri, scopesOf }: Resource) {
  const { account, client, session, provider } = ctx.oidc;
  const { user } = account as unknown as { user: User };
  const { clientId } = client as Client;
  const id = session?.grantIdFor(clientId);
  const grant = (id && (await provider.Grant.find(id))) || new provider.Grant({ accountId: user.id, clientId });
  grant.addOIDCScope('openid');
  grant.addResourceScope(uri, scopesOf(user.role).join(' '));
  await grant.save();
  return grant;
}
