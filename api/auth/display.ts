import type { ClientMetadata, CookiesSetOptions, KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { OidcArtifactRepository } from '../../db/oidc-artifacts.ts';
import type { Role } from '../../domain/actor.ts';
import type { Scope } from '../../domain/scopes.ts';

/** The client of `/display`: a screen that everybody can reach, so its sign-in gives no right but reading orders (ADR 29). */
export const DISPLAY = 'crema-display';

/** @param issuer base URL of the API */
export const displayClient = (issuer: string): ClientMetadata => ({
  client_id: DISPLAY,
  client_name: 'Display',
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  redirect_uris: [`${issuer}/display`],
  post_logout_redirect_uris: [`${issuer}/display`],
});

/** Returns the scopes of the display's tokens. A customer cannot sign in to it, but a barista can become a customer. */
export const displayScopesOf = (role: Role): readonly Scope[] => (role === 'customer' ? [] : ['orders:read']);

type Session = NonNullable<KoaContextWithOIDC['oidc']['session']>;

/** The authentication method (`amr`) of sessions that serve the display only. */
export const DISPLAY_AMR = 'display';

export const isDisplaySession = (session: Session | undefined): boolean => session?.amr?.includes(DISPLAY_AMR) ?? false;

/** Ends the grants of other clients in a session that a sign-in to the display has narrowed, and so all their tokens. */
export async function endOtherGrants(provider: Provider, session: Session): Promise<void> {
  for (const [clientId, { grantId }] of Object.entries(session.authorizations ?? {})) {
    if (clientId === DISPLAY) continue;
    if (grantId) await (await provider.Grant.find(grantId))?.destroy();
    delete session.authorizations?.[clientId];
  }
}

interface KeepingOptions {
  artifacts: Pick<OidcArtifactRepository, 'prolong'>;
  /** The lifetime of a session and its grants, in seconds. */
  lifetime: number;
  /** The options of the session's cookie. */
  cookie: CookiesSetOptions;
}

/**
 * Keeps the sign-in of a display that is in use: each refresh prolongs its session, its grant and, in the browser, the session's
 * cookie. Without the cookie, a display that did not receive the answer to a refresh would need a new sign-in.
 */
export function keepDisplaysSignedIn(provider: Provider, { artifacts, lifetime, cookie }: KeepingOptions): void {
  provider.use(async (ctx: KoaContextWithOIDC, next) => {
    await next();
    const { RotatedRefreshToken: token, AccessToken: issued } = ctx.oidc?.entities ?? {};
    if (token?.clientId !== DISPLAY || !issued || ctx.status !== 200) return;
    const { grantId, sessionUid } = token as { grantId: string; sessionUid: string };
    const session = await provider.Session.findByUid(sessionUid);
    if (!session || !isDisplaySession(session)) return;
    await artifacts.prolong(grantId, sessionUid, lifetime);
    const name = provider.cookieName('session');
    if (ctx.oidc.cookies.get(name, cookie) !== session.jti) return;
    const prolonged = { ...cookie, expires: new Date(Date.now() + lifetime * 1_000) };
    ctx.oidc.cookies.set(name, session.jti, prolonged);
  });
}
