import type { Context } from 'koa';
import { html } from '../../../languages/markup.ts';
import { type Pages, paragraphs } from '../../http/pages/page.ts';

/**
 * Replaces oidc-provider's page for the response mode `form_post` by a page in the shop's layout. A script on the page submits
 * its form, which sends the response to the client. oidc-provider has no hook for this page
 * (`lib/response_modes/form_post.js`), so the form is extracted from its HTML.
 */
export function answerNextStep(ctx: Context, pages: Pages): void {
  // Pages in the shop's layout have this header, those of oidc-provider do not.
  const isOurs = ctx.response.headers['content-language'] !== undefined;
  if (isOurs || ctx.type !== 'text/html' || typeof ctx.body !== 'string') return;
  const [, action] = /<form method="post" action="([^"]*)"/.exec(ctx.body) ?? [];
  // A redirect also has an HTML body, but without a form.
  if (action === undefined) return;
  const inputs = ctx.body.match(/<input type="hidden"[^<>]*>/g) ?? [];
  const words = pages.wordsFor(ctx);
  const { title, paragraphs: texts, button } = words.pages.nextStep;
  pages.answer(ctx, ctx.status, {
    words,
    title,
    // oidc-provider has already escaped the values in its form, so they are not escaped again.
    content: html`${paragraphs(...texts)}
<form method="post" action="${{ markup: action }}">
${{ markup: inputs.join('\n') }}
<div class="choices"><button autofocus>${button}</button></div>
</form>`,
    formLeaves: true,
    sendsForm: true,
  });
}
