import type { Provider } from 'oidc-provider';
import type { Scope } from '../../domain/scopes.ts';
import { grantedScope } from './granted-scope.ts';

export const GRANT_TYPE = 'client_credentials';

/** What the library is told of a service besides RFC 7591's own metadata: the scopes it was granted. */
export const SERVICE_SCOPES = 'service_scopes';

/**
 * The client credentials grant (RFC 6749 §4.4), by which a service gets a token for itself. The library's own gives one
 * that is good for nothing when no scope is asked for; ours then gives all that was granted.
 *
 * @param audience the resource server that the tokens are for
 */
export function registerClientCredentialsGrant(provider: Provider, audience: string): void {
  provider.registerGrantType(
    GRANT_TYPE,
    async (ctx) => {
      const { client, params } = ctx.oidc;
      const scope = grantedScope(client[SERVICE_SCOPES] as Scope[], params.scope as string | undefined);
      const resourceServer = new provider.ResourceServer(audience, { scope, accessTokenFormat: 'jwt' });
      const accessToken = new provider.ClientCredentials({ client, scope });
      accessToken.resourceServer = resourceServer;
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
