import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { html } from '../../mail/templates/markup.ts';
import { asset, htmlPage, type Page } from './page.ts';
import { problemList } from './problems-page.ts';

const require = createRequire(import.meta.url);
const own = (name: string) => readFileSync(join(import.meta.dirname, 'browser', name));
const script = 'text/javascript; charset=utf-8';
const style = 'text/css; charset=utf-8';

/** Returns `/docs` with Swagger UI, `/docs/problems`, and the files that they load. */
export function pagesForPeople(shopName: string): Page[] {
  const bundle = asset(
    'swagger-ui-bundle.js',
    script,
    readFileSync(require.resolve('swagger-ui-dist/swagger-ui-bundle.js')),
  );
  const start = asset('start.js', script, own('start.js'));
  const vendorStyle = asset('swagger-ui.css', style, readFileSync(require.resolve('swagger-ui-dist/swagger-ui.css')));
  const crema = asset('crema.css', style, own('crema.css'));
  const redirect = asset(
    'oauth2-redirect.js',
    script,
    readFileSync(require.resolve('swagger-ui-dist/oauth2-redirect.js')),
  );
  const icon = asset('cup.svg', 'image/svg+xml', own('cup.svg'));
  const docs = htmlPage('/docs', {
    title: 'API',
    shopName,
    icon,
    styles: [vendorStyle, crema],
    scripts: [bundle, start],
    content: html`<div id="swagger-ui"></div>
<noscript><p class="crema-text">This page needs JavaScript; <a href="/openapi.yaml">openapi.yaml</a> says the same without.</p></noscript>`,
  });
  const problems = htmlPage('/docs/problems', {
    title: 'Problems · API',
    shopName,
    icon,
    styles: [crema],
    content: problemList(),
  });
  // The redirect target of the sign-in window: it passes the code to Swagger UI and closes.
  const signedIn = htmlPage('/docs/oauth2-redirect', {
    title: 'Signed in · API',
    shopName,
    icon,
    styles: [crema],
    scripts: [redirect],
    content: html`<main class="crema-text">
<h1>You are signed in</h1>
<p>This window closes by itself. If it does not, <a href="/docs">go back to the docs</a>.</p>
</main>`,
  });
  return [docs, problems, signedIn, bundle, start, redirect, vendorStyle, crema, icon];
}
