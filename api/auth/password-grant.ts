import { errors, type Provider } from 'oidc-provider';
import { verifyPassword } from '../../db/passwords.ts';
import type { User, UserRepository } from '../../db/users.ts';
import { scopesOf } from '../../domain/scopes.ts';
import type { SignInLimiter } from '../limits/sign-in-limiter.ts';
import { standingHeaders } from '../middleware/rate-limits.ts';

const GRANT_TYPE = 'password';

async function signIn(users: UserRepository, email: string, password: string): Promise<User | undefined> {
  const found = await users.findForSignIn(email);
  return (await verifyPassword(found?.passwordHash, password)) ? found?.user : undefined;
}

const wrongPassword = () =>
  new errors.CustomOIDCProviderError('invalid_grant', 'The email address or the password is wrong.');

/** RFC 6749 has no word of its own for it; RFC 6585's status says the rest. */
function tooManyTries(): Error {
  const description = 'Too many passwords were wrong; try again later, or from where you have signed in before.';
  return Object.assign(new errors.CustomOIDCProviderError('temporarily_unavailable', description), {
    status: 429,
    statusCode: 429,
  });
}

/** What the role may do, or what of it was asked for (RFC 6749 §3.3). */
function grantedScope(user: User, requested: string | undefined): string {
  const asked = requested?.split(' ');
  const granted = scopesOf(user.role).filter((scope) => asked?.includes(scope) ?? true);
  if (granted.length === 0)
    throw new errors.InvalidScope('none of the scopes asked for can be granted', requested ?? '');
  return granted.join(' ');
}

/**
 * The resource owner password grant (RFC 6749 §4.3), for `curl` and the docs page of a development machine. It teaches
 * people to type their password into other programs, and RFC 9700 §2.4 forbids it: production never registers it.
 *
 * @param options `audience` is the resource server that the tokens are for
 */
export function registerPasswordGrant(
  provider: Provider,
  { users, audience, signIns }: { users: UserRepository; audience: string; signIns: SignInLimiter },
): void {
  provider.registerGrantType<{ username?: string; password?: string }>(
    GRANT_TYPE,
    async (ctx) => {
      const { client, params } = ctx.oidc;
      const { username, password } = params;
      if (!username || !password)
        throw new errors.InvalidRequest("missing required parameter(s) 'username', 'password'");

      const outcome = await signIns.attempt({ account: username, address: ctx.ip }, () =>
        signIn(users, username, password),
      );
      if ('refused' in outcome) {
        ctx.set(standingHeaders(outcome.standing));
        throw tooManyTries();
      }
      const user = outcome.found;
      if (!user) throw wrongPassword();
      const scope = grantedScope(user, params.scope);
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
