import { Provider } from 'oidc-provider';
import type { OidcArtifactRepository } from '../../db/oidc-artifacts.ts';
import type { User, UserRepository } from '../../db/users.ts';
import { scopesOf } from '../../domain/scopes.ts';
import type { SignInLimiter } from '../limits/sign-in-limiter.ts';
import { createArtifactAdapter } from './artifact-adapter.ts';
import type { KeyRing } from './key-ring.ts';
import { registerPasswordGrant } from './password-grant.ts';

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;

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
  /** The API, as the resource its tokens are for. */
  audience: string;
  keyRing: KeyRing;
  users: UserRepository;
  artifacts: OidcArtifactRepository;
  passwordGrant: boolean;
  signIns: SignInLimiter;
}

/**
 * The shop's OAuth2 and OpenID Connect server (design §6). There is no sign-in page yet, so no client may use the
 * authorization endpoint: it opens by giving `crema` the response type `code` and its redirect URI.
 */
export function createProvider({
  issuer,
  audience,
  keyRing,
  users,
  artifacts,
  passwordGrant,
  signIns,
}: ProviderOptions): Provider {
  const provider = new Provider(issuer, {
    adapter: createArtifactAdapter(artifacts),
    jwks: { keys: [...keyRing.signing] },
    cookies: { keys: [...keyRing.cookies] },
    routes,
    clients: [
      {
        client_id: 'crema',
        client_name: 'Crema',
        token_endpoint_auth_method: 'none',
        grant_types: ['refresh_token', ...(passwordGrant ? ['password'] : [])],
        response_types: [],
        redirect_uris: [],
        id_token_signed_response_alg: 'ES256',
      },
    ],
    clientAuthMethods: ['none'],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    responseTypes: [],
    scopes: ['openid'],
    ttl: {
      AccessToken: 10 * MINUTE,
      // A refresh token lives for 14 days, and its successors do, but nobody stays signed in for longer than the grant.
      RefreshToken: 14 * DAY,
      Grant: 90 * DAY,
      IdToken: 10 * MINUTE,
      Interaction: 60 * MINUTE,
      Session: 14 * DAY,
    },
    rotateRefreshToken: true,
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
      rpInitiatedLogout: { enabled: false },
      // It takes opaque tokens only, and ours are JWTs: the API's own GET /v1/me serves instead.
      userinfo: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        useGrantedResource: () => true,
        getResourceServerInfo(ctx) {
          const account = ctx.oidc.account as { user: User } | undefined;
          // The person's role as it is now: the refresh token of a manager who no longer is one narrows.
          const scopes = scopesOf(account?.user.role ?? 'manager');
          return {
            audience,
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
    clientBasedCORS: (ctx, origin) => origin === new URL(issuer).origin || URL.parse(origin)?.host === ctx.host,
    renderError(ctx, out) {
      ctx.body = out;
    },
  });
  // The library builds these from the request's Host header, which is the client's to choose.
  provider.OIDCContext.prototype.urlFor = (name: string, options?: Record<string, unknown>) =>
    provider.urlFor(name, options);
  if (passwordGrant) registerPasswordGrant(provider, { users, audience, signIns });
  return provider;
}
