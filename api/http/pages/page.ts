import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from 'koa';
import { wordsIn } from '../../../mail/languages/index.ts';
import type { Language, Notice } from '../../../mail/languages/language.ts';
import { bdi, type Html, html } from '../../../mail/templates/markup.ts';
import { RETRY_AFTER_S } from '../problem.ts';
import { acceptLanguage } from '../schemas.ts';
import { cup, latte } from './drawings.ts';

const sha256 = (source: string) => `'sha256-${createHash('sha256').update(source).digest('base64')}'`;

/** Goes into a page as it is: it comes from our own files. */
const style: Html = { markup: readFileSync(join(import.meta.dirname, 'crema.css'), 'utf8') };
const styleHash = sha256(style.markup);

/** Sends the one form of a page, as a person would by its button. */
const sendForm: Html = { markup: 'document.forms[0].submit()' };
const sendFormHash = sha256(sendForm.markup);

/** In any case: the router takes `/V1`, too. */
const FOR_PROGRAMS =
  /^\/(v1|codec|health|metrics|notifications|oauth\/(token|revoke)|[.]well-known|(openapi|asyncapi)[.]\w+)(\/|$)/i;

/** Whether people open a path in their browser. Some programs also accept HTML, but show it to no reader. */
export const isForPeople = (path: string): boolean => !FOR_PROGRAMS.test(path);

/** Whether an answer is for a person to read: a browser names HTML before all else. */
export const wantsPage = (ctx: Pick<Context, 'path' | 'accepts'>): boolean =>
  isForPeople(ctx.path) && ctx.accepts('json', 'html') === 'html';

/** What all pages of a shop have in common. */
export interface Storefront {
  /** As people call the shop. */
  name: string;
  /** Of people whose language is unknown: ISO 639. */
  language: string;
  /** The address where people use the shop and start to sign in. */
  app: string;
}

/** A wait as pages say it. */
export const inMinutes = (seconds: number): number => Math.ceil(seconds / 60);

/** A link to another page: its text and its address. */
export type Link = readonly [text: string, address: string];

export interface PageParts {
  words: Language;
  title: string;
  content: Html;
  /** Where to go from here. */
  links?: readonly Link[] | undefined;
  /** Whether the page shows a form that was refused. */
  refused?: boolean | undefined;
  /**
   * Whether its form may lead out of the shop, to an application. Browsers hold `form-action` against every redirect that
   * follows, and where an application sends people on to is its own affair.
   */
  formLeaves?: boolean;
  /** Whether browsers that run scripts send the form at once. */
  sendsForm?: boolean | undefined;
}

/** Writes the shop's own pages. */
export interface Pages extends Pick<Storefront, 'name' | 'app'> {
  /** The words for a person: in their own language if it is known, else in their browser's, else in the shop's. */
  wordsFor(ctx: Context, ...theirs: (string | null | undefined)[]): Language;
  /** Answers with a page that loads nothing, and that no cache keeps. */
  answer(ctx: Context, status: number, parts: PageParts): void;
}

export function createPages({ name, language, app }: Storefront): Pages {
  return {
    name,
    app,
    wordsFor: (ctx, ...theirs) => wordsIn(...theirs, acceptLanguage.parse(ctx.get('accept-language')), language),
    answer(ctx, status, { words, title, content, links = [], refused = false, formLeaves = false, sendsForm = false }) {
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

/** Text that somebody has typed, inside a sentence. */
export const typed = (text: string): Html => html`<strong>${bdi(text)}</strong>`;

/** The parts of a page that only says something, and where to go from there. */
export const noticeParts = (words: Language, { title, paragraphs: texts }: Notice, ...links: Link[]): PageParts => ({
  words,
  title,
  content: paragraphs(...texts),
  links,
});
