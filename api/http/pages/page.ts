import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from 'koa';
import { wordsIn } from '../../../languages/index.ts';
import type { Language, Notice } from '../../../languages/language.ts';
import { bdi, type Html, html } from '../../../languages/markup.ts';
import { RETRY_AFTER_S } from '../problem.ts';
import { acceptLanguage } from '../schemas.ts';
import { cup, latte } from './drawings.ts';

const sha256 = (source: string) => `'sha256-${createHash('sha256').update(source).digest('base64')}'`;

/** The style sheet. It is part of Crema, so it is not escaped. */
const style: Html = { markup: readFileSync(join(import.meta.dirname, 'crema.css'), 'utf8') };
const styleHash = sha256(style.markup);

/** The script that submits the only form of a page. */
const sendForm: Html = { markup: 'document.forms[0].submit()' };
const sendFormHash = sha256(sendForm.markup);

/** The paths that programs call. Like the router, this ignores case. */
const PROGRAM_PATHS =
  /^\/(v1|codec|health|metrics|notifications|oauth\/(token|revoke)|[.]well-known|(openapi|asyncapi)[.]\w+)(\/|$)/i;

/**
 * Returns whether people open a path in a browser. The `Accept` header does not show this, because some programs also accept
 * HTML, although they do not display it.
 */
export const isBrowserPath = (path: string): boolean => !PROGRAM_PATHS.test(path);

/** Returns whether to send a page: people open the path in a browser, and the client prefers HTML, as browsers do. */
export const wantsPage = (ctx: Pick<Context, 'path' | 'accepts'>): boolean =>
  isBrowserPath(ctx.path) && ctx.accepts('json', 'html') === 'html';

/** The settings of all pages of a shop. */
interface ShopPages {
  name: string;
  /** ISO 639. The language of pages for visitors whose language is unknown. */
  language: string;
  /** The URL of the shop's application, where users start to sign in. */
  app: string;
}

export const inMinutes = (seconds: number): number => Math.ceil(seconds / 60);

export type Link = readonly [text: string, address: string];

export interface PageParts {
  words: Language;
  title: string;
  content: Html;
  links?: readonly Link[] | undefined;
  /** Whether the page shows a form that was rejected. */
  refused?: boolean | undefined;
  /**
   * Whether submitting the form may redirect to an application. The page then has no `form-action`, because browsers apply it
   * to every following redirect, and an application may redirect to any address.
   */
  formLeaves?: boolean;
  /** Whether a script submits the form at once. */
  sendsForm?: boolean | undefined;
}

export type Pages = ReturnType<typeof createPages>;

/** The path of the shop's own app. */
export const STOREFRONT = '/';

export function createPages({ name, language, app }: ShopPages) {
  return {
    name,
    app,
    /** The URL of the app that "Sign in" links to. The storefront starts the sign-in at once. */
    signIn: app === STOREFRONT ? `${STOREFRONT}#sign-in` : app,
    /** Returns the texts in the first supported language of these: the given ones, the browser's, the shop's. */
    wordsFor: (ctx: Context, ...preferred: (string | null | undefined)[]): Language =>
      wordsIn(...preferred, acceptLanguage.parse(ctx.get('accept-language')), language),
    /** Sends a page that loads no other files and is not cached. */
    answer(ctx: Context, status: number, parts: PageParts): void {
      const { words, title, content, links = [], refused = false, formLeaves = false, sendsForm = false } = parts;
      ctx.status = status;
      if (status === 503) ctx.set('retry-after', RETRY_AFTER_S);
      ctx.type = 'text/html; charset=utf-8';
      ctx.vary('accept-language');
      ctx.set({
        'cache-control': 'no-store',
        'content-language': words.locale,
        'content-security-policy': [
          "default-src 'none'",
          ...(sendsForm ? [`script-src ${sendFormHash}`] : []),
          `style-src ${styleHash}`,
          'img-src data:',
          ...(formLeaves ? [] : ["form-action 'self'"]),
          "base-uri 'none'",
          "frame-ancestors 'none'",
        ].join('; '),
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
      });
      ctx.body = html`<!doctype html>
<html lang="${words.locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${refused ? words.pages.refused(title) : title} · ${name}</title>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(cup.markup)}">
<style>${style}</style>
</head>
<body>
<div class="counter" aria-hidden="true">${latte}</div>
<main>
<p class="brand">${cup}${bdi(name)}</p>
<h1>${title}</h1>
${content}
${links.length > 0 ? html`<p class="elsewhere">${links.map(linkTo)}</p>` : null}
</main>
${sendsForm ? html`<script>${sendForm}</script>` : null}
</body>
</html>
`.markup;
    },
  };
}

const linkTo = ([text, address]: Link): Html => html`<a href="${address}">${text}</a>`;

export const paragraphs = (...texts: (string | Html)[]): Html => html`${texts.map((text) => html`<p>${text}</p>`)}`;

/** Returns markup for a text that a person has entered, for use inside a sentence. */
export const typed = (text: string): Html => html`<strong>${bdi(text)}</strong>`;

/** Returns the parts of a page that shows a notice and links. */
export const noticeParts = (words: Language, { title, paragraphs: texts }: Notice, ...links: Link[]): PageParts => ({
  words,
  title,
  content: paragraphs(...texts),
  links,
});
