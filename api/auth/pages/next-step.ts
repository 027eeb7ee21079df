import type { Context } from 'koa';
import { html } from '../../../mail/templates/markup.ts';
import { type Pages, paragraphs } from '../../http/pages/page.ts';

/** Replaces the library's own page, a form that browsers with scripts send at once, by one like our others. */
export function answerNextStep(ctx: Context, pages: Pages): void {
  const ours = ctx.response.headers['content-language'] !== undefined;
  if (ours || ctx.type !== 'text/html' || typeof ctx.body !== 'string') return;
  const [, action] = /<form method="post" action="([^"]*)"/.exec(ctx.body) ?? [];
  // The body of a redirect has no form.
  if (action === undefined) return;
  const inputs = ctx.body.match(/<input type="hidden"[^<>]*>/g) ?? [];
  const words = pages.wordsFor(ctx);
  const { title, paragraphs: said, button } = words.pages.nextStep;
  pages.answer(ctx, ctx.status, {
    words,
    title,
    // The library has escaped what is in its form.
    content: html`${paragraphs(...said)}
<form method="post" action="${{ markup: action }}">
${{ markup: inputs.join('\n') }}
<div class="choices"><button autofocus>${button}</button></div>
</form>`,
    formLeaves: true,
    sendsForm: true,
  });
}
