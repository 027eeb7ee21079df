import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { OidcArtifactRepository } from '../../db/oidc-artifacts.ts';
import type { VerifyAccessToken } from './access-token.ts';

interface RevocationOptions {
  verifyAccessToken: VerifyAccessToken;
  audiences: string[];
  artifacts: Pick<OidcArtifactRepository, 'revokeAccessToken'>;
  /** Called with the `jti` of every revoked access token. */
  onEnded: (jti: string) => void;
}

/**
 * Lets clients revoke access tokens (RFC 7009). oidc-provider authenticates the client, but refuses tokens that it does not
 * store, such as JWTs. So this middleware stores the ids of revoked tokens until the tokens expire.
 */
export function revokeAccessTokens(provider: Provider, options: RevocationOptions): void {
  const { verifyAccessToken, audiences, artifacts, onEnded } = options;
  provider.use(async (ctx: KoaContextWithOIDC, next) => {
    await next();
    const { error } = (ctx.body ?? {}) as { error?: string };
    if (ctx.oidc?.route !== 'revocation' || error !== 'unsupported_token_type') return;
    // The response to an invalid token is also 200 (RFC 7009 §2.2).
    ctx.status = 200;
    ctx.body = '';
    const token = await verifyAccessToken(String(ctx.oidc.params?.token), audiences);
    if (!token || token.clientId !== ctx.oidc.client?.clientId) return;
    await artifacts.revokeAccessToken(token.jti, Math.ceil((token.expiresAt - Date.now()) / 1_000));
    onEnded(token.jti);
  });
}
