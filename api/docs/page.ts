import { createHash } from 'node:crypto';
import { bdi, type Html, html } from '../../mail/templates/markup.ts';

/** A file or page that the docs serve. */
export interface Page {
  path: string;
  type: string;
  body: Buffer;
  /** Weak: the same for the compressed and the uncompressed body. */
  etag: string;
  /** Whether the content of the path never changes: the path contains a hash of the content. */
  immutable: boolean;
}

const fingerprint = (body: Buffer) => createHash('sha256').update(body).digest('base64url').slice(0, 16);

/** Returns a page whose content may change. */
export function page(path: string, type: string, content: string): Page {
  const body = Buffer.from(content);
  return { path, type, body, etag: `W/"${fingerprint(body)}"`, immutable: false };
}

/** Returns a file of a page. Its path changes with its content. */
export function asset(name: string, type: string, body: Buffer): Page {
  const hash = fingerprint(body);
  return { path: `/docs/assets/${hash}/${name}`, type, body, etag: `W/"${hash}"`, immutable: true };
}

/** Returns an HTML page of the docs, with the navigation bar. */
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

/** Converts Markdown to HTML. Supports only `code`. */
export const inlineMarkdown = (text: string): Html =>
  html`${text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))}`;
