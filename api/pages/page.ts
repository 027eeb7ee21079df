import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from 'koa';
import { cup, latte } from './drawings.ts';

const style = readFileSync(join(import.meta.dirname, 'crema.css'), 'utf8');
const styleHash = createHash('sha256').update(style).digest('base64');

/** Text that may stand in HTML, between tags or in a quoted attribute. */
export const escapeHtml = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

export interface PageParts {
  title: string;
  /** BCP 47. */
  language?: string | undefined;
  /** HTML: everything in it that somebody has typed is escaped. */
  content: string;
  /** Where its form may lead besides the shop itself: browsers hold redirects against this, too. */
  formTarget?: string | undefined;
}

/** When a page that has to wait is worth another try, in seconds. */
const RETRY_AFTER_S = '5';

/** Answers with a page of the shop's own, which loads nothing, runs nothing and is kept by nobody. */
export function answerPage(
  ctx: Context,
  status: number,
  { title, language = 'en', content, formTarget }: PageParts,
): void {
  ctx.status = status;
  if (status === 503) ctx.set('retry-after', RETRY_AFTER_S);
  ctx.type = 'text/html; charset=utf-8';
  ctx.set({
    'cache-control': 'no-store',
    'content-security-policy': [
      "default-src 'none'",
      `style-src 'sha256-${styleHash}'`,
      'img-src data:',
      `form-action 'self'${formTarget ? ` ${new URL(formTarget).origin}` : ''}`,
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  });
  ctx.body = `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)} · Crema</title>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(cup)}">
<style>${style}</style>
</head>
<body>
<div class="counter" aria-hidden="true">${latte}</div>
<main>
<p class="brand">${cup}Crema</p>
${content}
</main>
</body>
</html>
`;
}
