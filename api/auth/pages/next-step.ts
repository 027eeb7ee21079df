import type { Context } from 'koa';
import { html } from '../../../languages/markup.ts';
import { type Pages, paragraphs } from '../../http/pages/page.ts';

/**
 * Replaces oidc-provider's page with a self-submitting form by one in our layout. oidc-provider has no hook for this page
 * (`lib/response_modes/form_post.js`), so its form is taken out of its HTML.
 */
export function answerNextStep(ctx: Context, pages: Pages): void {
  // All pages of our own have this header.
  const isOurs = ctx.response.headers['content-language'] !== undefined;
  if (isOurs || ctx.type !== 'text/html' || typeof ctx.body !== 'string') return;
  const [, action] = /<form method="post" action="([^"]*)"/.exec(ctx.body) ?? [];
  // The body of a redirect has no form.
  if (action === undefined) return;
  const inputs = ctx.body.match(/<input type="hidden"[^<>]*>/g) ?? [];
  const words = pages.wordsFor(ctx);
  const { title, paragraphs: texts, button } = words.pages.nextStep;
  pages.answer(ctx, ctx.status, {
    words,
    title,
    // oidc-provider has escaped the values in its form.
    content: html`${paragraphs(...texts)}
<form method="post" action="${{ markup: action }}">
${{ markup: inputs.join('\n') }}
<div class="choices"><button autofocus>${button}</button></div>
</form>`,
    formLeaves: true,
    sendsForm: true,
  });
}
