import { type ClientMetadata, interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import { hashSecret } from '../../db/service-clients.ts';
import type { User } from '../../db/users.ts';
import type { Role } from '../../domain/actor.ts';
import { type Scope, scopesOf } from '../../domain/scopes.ts';

/** The Temporal Web UI as an application that people sign in to. */
export interface TemporalUi {
  /** Where people open it. */
  origin: string;
  /** What its server proves itself with. */
  clientSecret: string;
}

export const TEMPORAL_UI = 'temporal-ui';

/** Why somebody who has signed in must sign in again, as somebody else. */
export const FOR_MANAGERS = 'for_managers';

/**
 * A confidential client, which sends neither `resource` nor a PKCE challenge: RFC 9700 §2.1.1 lets one rely on the nonce
 * of OpenID Connect, and it does. It gets no refresh token: once its access token has expired, it sends people here again,
 * who come back at once as long as they are signed in.
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

/** What its tokens are good for: to have payloads decrypted, for a manager. */
export const codecScopesOf = (role: Role): readonly Scope[] =>
  scopesOf(role).filter((scope) => scope === 'events:read');

/** Sends whoever is no manager to the sign-in page, which says so, where they would get a code. */
export const managersOnly = () =>
  new interactionPolicy.Check(FOR_MANAGERS, 'The Temporal Web UI is for managers.', (ctx) => {
    const { account, client } = (ctx as KoaContextWithOIDC).oidc;
    if (client?.clientId !== TEMPORAL_UI || !account) return interactionPolicy.Check.NO_NEED_TO_PROMPT;
    const { user } = account as unknown as { user: User };
    return user.role === 'manager' ? interactionPolicy.Check.NO_NEED_TO_PROMPT : interactionPolicy.Check.REQUEST_PROMPT;
  });
