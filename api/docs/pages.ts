import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { html } from '../../languages/markup.ts';
import type { ServedFile } from '../http/files.ts';
import { cup } from '../http/pages/drawings.ts';
import { asset, htmlPage } from './docs-page.ts';
import { problemList } from './problems-page.ts';

const require = createRequire(import.meta.url);
const swaggerUiFolder = dirname(require.resolve('swagger-ui-dist/package.json'));
const swaggerUiFile = (name: string) => readFileSync(join(swaggerUiFolder, name));
const browserFile = (name: string) => readFileSync(join(import.meta.dirname, 'browser', name));

const SCRIPT = 'text/javascript; charset=utf-8';
const STYLE = 'text/css; charset=utf-8';

/** Returns `/docs` with Swagger UI, `/docs/problems`, and the files that they load. */
export function docsPages(shopName: string): ServedFile[] {
  const bundle = asset('swagger-ui-bundle.js', SCRIPT, swaggerUiFile('swagger-ui-bundle.js'));
  const start = asset('start.js', SCRIPT, browserFile('start.js'));
  const redirect = asset('oauth2-redirect.js', SCRIPT, swaggerUiFile('oauth2-redirect.js'));
  const swaggerUi = asset('swagger-ui.css', STYLE, swaggerUiFile('swagger-ui.css'));
  const crema = asset('crema.css', STYLE, browserFile('crema.css'));
  const icon = asset('cup.svg', 'image/svg+xml', Buffer.from(cup.markup));
  const shared = { shopName, icon, styles: [crema] };
  const docs = htmlPage('/docs', {
    ...shared,
    title: 'API',
    styles: [swaggerUi, crema],
    scripts: [bundle, start],
    content: html`<div id="swagger-ui"></div>
<noscript><p class="crema-text">This page needs JavaScript. <a href="/openapi.yaml">openapi.yaml</a> has the same content.</p></noscript>`,
  });
  const problems = htmlPage('/docs/problems', { ...shared, title: 'Problems · API', content: problemList() });
  // The redirect target of the sign-in window. The page passes the code to Swagger UI and closes the window.
  const signedIn = htmlPage('/docs/oauth2-redirect', {
    ...shared,
    title: 'Signed in · API',
    scripts: [redirect],
    content: html`<main class="crema-text">
<h1>You are signed in</h1>
<p>This window closes by itself. If it does not, <a href="/docs">go back to the docs</a>.</p>
</main>`,
  });
  return [docs, problems, signedIn, bundle, start, redirect, swaggerUi, crema, icon];
}
