import type { Context } from 'koa';
import { html } from '../../../languages/markup.ts';
import { type Pages, paragraphs } from '../../http/pages/page.ts';

/**
 * Replaces oidc-provider's page, which submits its form automatically, by a page in the shop's layout. oidc-provider has no hook
 * for this page (`lib/response_modes/form_post.js`), so the form is extracted from its HTML.
 */
export function answerNextStep(ctx: Context, pages: Pages): void {
  // Each page in the shop's layout has this header.
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
