import type { Context, Middleware } from 'koa';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { UserRepository } from '../../../db/users.ts';
import { html } from '../../../languages/markup.ts';
import { noticeParts, type Pages } from '../../http/pages/page.ts';

/**
 * Returns the pages of a sign-out (OpenID Connect RP-Initiated Logout 1.0 §2), as functions for oidc-provider's configuration.
 */
export const signOutPages = (pages: Pages, users: Pick<UserRepository, 'find'>) => ({
  /**
   * Shows a page that asks whether to sign out.
   *
   * @param form oidc-provider's form, which contains its anti-forgery token but no buttons
   */
  async logoutSource(ctx: KoaContextWithOIDC, form: string): Promise<void> {
    const page = ctx as unknown as Context;
    const { session } = ctx.oidc;
    const user = session?.accountId ? await users.find(session.accountId) : undefined;
    const words = pages.wordsFor(page, user?.language);
    const { title, about, button, stay } = words.pages.signOut;
    const back = session?.state?.postLogoutRedirectUri;
    pages.answer(page, 200, {
      words,
      title,
      content: html`<p>${about}</p>
${{ markup: form }}
<div class="choices">
<button form="op.logoutForm" name="logout" value="yes" autofocus>${button}</button>
<a class="quiet" href="${typeof back === 'string' ? new URL(back).origin : pages.app}">${stay}</a>
</div>`,
      formLeaves: true,
    });
  },

  /** Shows a page that confirms the sign-out. oidc-provider calls it only if there is no application to return to. */
  postLogoutSuccessSource(ctx: KoaContextWithOIDC): void {
    const page = ctx as unknown as Context;
    const words = pages.wordsFor(page, [page.query.ui_locales].flat()[0]);
    const { links, signedOut } = words.pages;
    pages.answer(page, 200, noticeParts(words, signedOut, [links.signInAgain, pages.signIn]));
  },
});

/**
 * Adds the user's language to the URL of the page after a sign-out. The session has ended then, so that page cannot look it up.
 */
export function keepLanguage(users: Pick<UserRepository, 'find'>): Middleware {
  return async (ctx, next) => {
    await next();
    const { route, session } = (ctx as unknown as KoaContextWithOIDC).oidc ?? {};
    // Koa declares a string, but returns undefined for a response without this header.
    const location = ctx.response.get('location') as string | undefined;
    if (route !== 'end_session_confirm' || !location?.endsWith('/oauth/logout/success')) return;
    const user = session?.accountId ? await users.find(session.accountId) : undefined;
    if (user?.language) ctx.set('location', `${location}?${new URLSearchParams({ ui_locales: user.language })}`);
  };
}
