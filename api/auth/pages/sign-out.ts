import type { Context } from 'koa';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { answerPage } from '../../pages/page.ts';

/**
 * Asks whether to sign out (OpenID Connect RP-Initiated Logout 1.0 §2).
 *
 * @param form the library's own, hidden, with what protects it against forgery
 */
export function renderSignOut(ctx: KoaContextWithOIDC, form: string): void {
  const back = ctx.oidc.session?.state?.postLogoutRedirectUri;
  answerPage(ctx as unknown as Context, 200, {
    title: 'Sign out',
    content: `<h1>Sign out?</h1>
<p>Whatever you have signed in to from this browser is signed out, too.</p>
${form}
<div class="choices">
<button form="op.logoutForm" name="logout" value="yes" autofocus>Sign out</button>
<a class="quiet" href="/docs">Stay signed in</a>
</div>`,
    formTarget: typeof back === 'string' ? back : undefined,
  });
}

/** Where those go who have not come from anywhere. */
export function renderSignedOut(ctx: KoaContextWithOIDC): void {
  const title = 'You are signed out';
  answerPage(ctx as unknown as Context, 200, { title, content: `<h1>${title}</h1>\n<p>See you soon!</p>` });
}
