import { errors, type Provider } from 'oidc-provider';
import { scopesOf } from '../../domain/scopes.ts';
import { wordsIn } from '../../languages/index.ts';
import type { QuotaStatus } from '../http/limits/quota.ts';
import { quotaHeaders } from '../http/middleware/rate-limits.ts';
import { inMinutes } from '../http/pages/page.ts';
import { grantedScope } from './scope-of-new-token.ts';
import type { SignIn } from './sign-in.ts';

const GRANT_TYPE = 'password';

const texts = wordsIn('en').pages.signIn;

/** Returns an error with status 429 (RFC 6585), because RFC 6749 has no error code for too many attempts. */
function tooManyAttempts({ resetsIn }: QuotaStatus) {
  const error = new errors.CustomOIDCProviderError(
    'temporarily_unavailable',
    texts.tooManyAttempts(inMinutes(resetsIn)),
  );
  return Object.assign(error, { status: 429, statusCode: 429 });
}

/**
 * Registers the resource owner password grant (RFC 6749 §4.3), for `curl` and the docs page of a development machine. RFC 9700
 * §2.4 forbids this grant, because it teaches users to give their password to other programs. So production never registers it.
 */
export function registerPasswordGrant(provider: Provider, signIn: SignIn, audience: string): void {
  provider.registerGrantType<{ username?: string; password?: string }>(
    GRANT_TYPE,
    async (ctx) => {
      const { client, params } = ctx.oidc;
      const { username, password } = params;
      if (!username || !password) {
        throw new errors.InvalidRequest("missing required parameter(s) 'username', 'password'");
      }

      const result = await signIn({ email: username, password, address: ctx.ip });
      if ('refused' in result) {
        ctx.set(quotaHeaders(result.status));
        throw tooManyAttempts(result.status);
      }
      const user = result.found;
      if (!user) throw new errors.CustomOIDCProviderError('invalid_grant', texts.wrong);
      const scope = grantedScope(scopesOf(user.role), params.scope);
      const grant = new provider.Grant({ accountId: user.id, clientId: client.clientId });
      grant.addResourceScope(audience, scope);
      const grantId = await grant.save();

      const source = { client, accountId: user.id, grantId, gty: GRANT_TYPE, scope, expiresWithSession: false };
      const accessToken = new provider.AccessToken({
        ...source,
        resourceServer: new provider.ResourceServer(audience, { scope, accessTokenFormat: 'jwt' }),
      });
      const refreshToken = new provider.RefreshToken({ ...source, resource: audience, rotations: 0 });
      ctx.oidc.entity('AccessToken', accessToken);
      ctx.oidc.entity('RefreshToken', refreshToken);
      ctx.body = {
        access_token: await accessToken.save(),
        token_type: accessToken.tokenType,
        expires_in: accessToken.expiration,
        refresh_token: await refreshToken.save(),
        scope,
      };
    },
    ['username', 'password', 'scope'],
  );
}
