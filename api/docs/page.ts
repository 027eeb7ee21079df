import { createHash } from 'node:crypto';
import { bdi, type Html, html } from '../../mail/templates/markup.ts';

/** A file or page that the docs serve. */
export interface Page {
  path: string;
  type: string;
  body: Buffer;
  /** Changes with the content; weak, as it is one for the compressed and the plain body. */
  etag: string;
  /** Its path names its content, so nobody needs to ask again. */
  immutable: boolean;
}

const fingerprint = (body: Buffer) => createHash('sha256').update(body).digest('base64url').slice(0, 16);

/** Something whose path stays while its content may change. */
export function page(path: string, type: string, content: string): Page {
  const body = Buffer.from(content);
  return { path, type, body, etag: `W/"${fingerprint(body)}"`, immutable: false };
}

/** A file of a page, under a path that changes with its content. */
export function asset(name: string, type: string, body: Buffer): Page {
  const hash = fingerprint(body);
  return { path: `/docs/assets/${hash}/${name}`, type, body, etag: `W/"${hash}"`, immutable: true };
}

/** An HTML page of the docs, with the shop's bar on top. */
export function htmlPage(path: string, { title, shopName, styles, icon, content, scripts = [] }: HtmlParts): Page {
  return page(
    path,
    'text/html; charset=utf-8',
    html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · ${shopName}</title>
<link rel="icon" type="image/svg+xml" href="${icon.path}">
${styles.map((style) => html`<link rel="stylesheet" href="${style.path}">\n`)}${scripts.map((script) => html`<script src="${script.path}" defer></script>\n`)}
</head>
<body>
<header class="crema-bar">
<a class="crema-brand" href="/docs"><img src="${icon.path}" alt="">${bdi(shopName)}</a>
<a href="/docs/problems">Problems</a>
<a href="/openapi.yaml">openapi.yaml</a>
<a href="/asyncapi.yaml">asyncapi.yaml</a>
</header>
${content}
</body>
</html>
`.markup,
  );
}

interface HtmlParts {
  title: string;
  shopName: string;
  styles: Page[];
  icon: Page;
  content: Html;
  scripts?: Page[];
}

/** Text in Markdown that has nothing but words and `code`. */
export const inlineMarkdown = (text: string): Html =>
  html`${text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))}`;
