import type { Provider } from 'oidc-provider';
import type { Scope } from '../../domain/scopes.ts';
import { grantedScope } from './granted-scope.ts';

export const GRANT_TYPE = 'client_credentials';

/** Client metadata of our own, besides RFC 7591's: the scopes that a service client was granted. */
export const SERVICE_SCOPES = 'service_scopes';

/**
 * Registers the client credentials grant (RFC 6749 §4.4) for service clients. It replaces oidc-provider's own, which issues a
 * token without scopes if the request names none; this one then grants all scopes of the client.
 */
export function registerClientCredentialsGrant(provider: Provider, audience: string): void {
  provider.registerGrantType(
    GRANT_TYPE,
    async (ctx) => {
      const { client, params } = ctx.oidc;
      const scope = grantedScope(client[SERVICE_SCOPES] as Scope[], params.scope as string | undefined);
      const accessToken = new provider.ClientCredentials({ client, scope });
      accessToken.resourceServer = new provider.ResourceServer(audience, { scope, accessTokenFormat: 'jwt' });
      ctx.oidc.entity('ClientCredentials', accessToken);
      ctx.body = {
        access_token: await accessToken.save(),
        token_type: accessToken.tokenType,
        expires_in: accessToken.expiration,
        scope,
      };
    },
    ['scope'],
  );
}
