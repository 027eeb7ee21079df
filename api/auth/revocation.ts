import { jwtVerify } from 'jose';
import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import { z } from 'zod';
import type { OidcArtifactRepository } from '../../db/oidc-artifacts.ts';
import { isOutage } from '../../db/outage.ts';
import type { KeyRing } from './key-ring.ts';

const claims = z.object({ jti: z.string(), client_id: z.string(), exp: z.number() });

export interface RevocationOptions {
  issuer: string;
  audiences: string[];
  keyRing: Pick<KeyRing, 'verifying'>;
  artifacts: Pick<OidcArtifactRepository, 'revokeAccessToken'>;
  /** Is told the `jti` of every access token that was given back. */
  ended: (jti: string) => void;
}

/**
 * Lets clients give access tokens back (RFC 7009): the library keeps no JWT, so it has none to remove, and refuses. It has
 * authenticated the client by then; we do the rest, and remember the token until it would have expired.
 */
export function acceptAccessTokens(
  provider: Provider,
  { issuer, audiences, keyRing, artifacts, ended }: RevocationOptions,
): void {
  const options = { issuer, audience: audiences, typ: 'at+jwt', algorithms: ['ES256'] };

  async function verified(token: string) {
    try {
      const key = async ({ kid }: { kid?: string | undefined }) => {
        const found = await keyRing.verifying(kid);
        if (!found) throw new Error('unknown key');
        return found;
      };
      return claims.safeParse((await jwtVerify(token, key, options)).payload).data;
    } catch (error) {
      if (isOutage(error)) throw error;
      return undefined;
    }
  }

  provider.use(async (ctx: KoaContextWithOIDC, next) => {
    await next();
    const { error } = (ctx.body ?? {}) as { error?: string };
    if (ctx.oidc?.route !== 'revocation' || error !== 'unsupported_token_type') return;
    // Whatever is no good any more, or never was, is 200 all the same (§2.2).
    ctx.status = 200;
    ctx.body = '';
    const token = await verified(String(ctx.oidc.params?.token));
    if (!token || token.client_id !== ctx.oidc.client?.clientId) return;
    await artifacts.revokeAccessToken(token.jti, token.exp - Math.floor(Date.now() / 1000));
    ended(token.jti);
  });
}
