import type { Provider } from 'oidc-provider';
import type { Scope } from '../../domain/scopes.ts';
import { grantedScope } from './scope-of-new-token.ts';

export const GRANT_TYPE = 'client_credentials';

/** The name of the metadata field for the scopes that a service client was granted. RFC 7591 does not define such a field. */
export const SERVICE_SCOPES = 'service_scopes';

/**
 * Registers the client credentials grant (RFC 6749 §4.4) for service clients. A request without scopes gets all
 * scopes of the client. The grant of oidc-provider, which this one replaces, gives such a request a token without scopes.
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
