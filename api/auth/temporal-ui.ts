import type { ClientMetadata } from 'oidc-provider';
import { hashSecret } from '../../db/secret-hash.ts';
import type { Role } from '../../domain/actor.ts';
import { type Scope, scopesOf } from '../../domain/scopes.ts';

/** The Temporal Web UI, as a client of the OAuth2 server. */
export interface TemporalUi {
  /** The origin of the Temporal Web UI, as browsers see it. */
  origin: string;
  clientSecret: string;
}

export const TEMPORAL_UI = 'temporal-ui';

/**
 * Returns the metadata of a confidential client. The Temporal Web UI sends neither `resource` nor a PKCE challenge. It sends
 * the nonce of OpenID Connect, which RFC 9700 §2.1.1 allows instead of PKCE. It needs no refresh token: when its access token
 * expires, it redirects to the OAuth2 server, which issues a new token to a signed-in user without showing a page.
 */
export const temporalUiClient = ({ origin, clientSecret }: TemporalUi): ClientMetadata => ({
  client_id: TEMPORAL_UI,
  client_name: 'Temporal Web UI',
  client_secret: hashSecret(clientSecret),
  token_endpoint_auth_method: 'client_secret_basic',
  grant_types: ['authorization_code'],
  response_types: ['code'],
  redirect_uris: [`${origin}/auth/sso/callback`],
});

/** Returns the scopes of the Temporal Web UI's tokens. For managers, this is `events:read`, with which they decrypt payloads. */
export const codecScopesOf = (role: Role): readonly Scope[] =>
  scopesOf(role).filter((scope) => scope === 'events:read');
