import { createHash } from 'node:crypto';
import { bdi, type Html, html } from '../../languages/markup.ts';

/** A document, an HTML page, or a file that a page loads. */
export interface DocsFile {
  path: string;
  type: string;
  body: Buffer;
  /** Weak: the same for the compressed and the uncompressed body. */
  etag: string;
  /** Whether clients may cache the file forever, because its path contains a hash of its content. */
  immutable: boolean;
}

const fingerprint = (body: Buffer) => createHash('sha256').update(body).digest('base64url').slice(0, 16);

/** Returns a file whose content may change. */
export function docsFile(path: string, type: string, content: string): DocsFile {
  const body = Buffer.from(content);
  return { path, type, body, etag: `W/"${fingerprint(body)}"`, immutable: false };
}

/** Returns a file that a page loads. Its path changes with its content. */
export function asset(name: string, type: string, body: Buffer): DocsFile {
  const hash = fingerprint(body);
  return { path: `/docs/assets/${hash}/${name}`, type, body, etag: `W/"${hash}"`, immutable: true };
}

interface HtmlParts {
  title: string;
  shopName: string;
  styles: DocsFile[];
  icon: DocsFile;
  content: Html;
  scripts?: DocsFile[];
}

/** Returns an HTML page of the docs, with the navigation bar. */
export function htmlPage(path: string, { title, shopName, styles, icon, content, scripts = [] }: HtmlParts): DocsFile {
  return docsFile(
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
