import { bdi, type Html, html } from '../../languages/markup.ts';
import { changingFile, fingerprint, type ServedFile } from '../http/files.ts';

/** Returns a file that a page of the docs loads. Its path changes with its content. */
export function asset(name: string, type: string, body: Buffer): ServedFile {
  const hash = fingerprint(body);
  return { path: `/docs/assets/${hash}/${name}`, type, body, etag: `W/"${hash}"`, immutable: true };
}

interface HtmlParts {
  title: string;
  shopName: string;
  styles: ServedFile[];
  icon: ServedFile;
  content: Html;
  scripts?: ServedFile[];
}

/** Returns an HTML page of the docs, with the navigation bar. */
export function htmlPage(
  path: string,
  { title, shopName, styles, icon, content, scripts = [] }: HtmlParts,
): ServedFile {
  return changingFile(
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
