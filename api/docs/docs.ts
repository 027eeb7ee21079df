import type { Context, Middleware } from 'koa';
import { stringify } from 'yaml';
import { acceptsGzip, compress } from '../http/content-encoding.ts';
import { matchesIfNoneMatch } from '../http/entity-tags.ts';
import { methodNotAllowed } from '../http/problem.ts';
import { type DocsFile, docsFile } from './docs-file.ts';
import { docsPages } from './pages.ts';

const YEAR_S = 31_536_000;

const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  // The style sheet of Swagger UI has icons in `data:` URLs.
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const redirects = new Map([
  ['/', '/docs'],
  ['/docs/', '/docs'],
  ['/docs/problems/', '/docs/problems'],
]);

/** Serves the documents as `/<name>.json` and `/<name>.yaml`, and the pages `/docs` and `/docs/problems`. */
export function docs(documents: Record<'openapi' | 'asyncapi', object>, shopName: string): Middleware {
  const files = [
    ...Object.entries(documents).flatMap(([name, document]) => [
      docsFile(`/${name}.json`, 'application/json', JSON.stringify(document)),
      docsFile(`/${name}.yaml`, 'application/yaml', stringify(document, { aliasDuplicateObjects: false })),
    ]),
    ...docsPages(shopName),
  ];
  const byPath = new Map(files.map((file) => [file.path, file]));
  const compressed = new Map<DocsFile, Promise<Buffer>>();

  return async (ctx, next) => {
    const found = byPath.get(ctx.path);
    const target = redirects.get(ctx.path);
    if (!found && !target) return next();
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') throw methodNotAllowed(ctx, 'GET, HEAD');
    if (target) return ctx.redirect(target);
    if (found) await answer(ctx, found, compressed);
  };
}

async function answer(ctx: Context, file: DocsFile, compressed: Map<DocsFile, Promise<Buffer>>): Promise<void> {
  ctx.set({
    'cache-control': file.immutable ? `public, max-age=${YEAR_S}, immutable` : 'no-cache',
    'content-security-policy': contentSecurityPolicy,
    etag: file.etag,
  });
  const isCompressed = acceptsGzip(ctx);
  ctx.status = 200;
  // Koa's `fresh` is not used. It would prevent a 304 for programs that use `fetch`, which send `Cache-Control: no-cache`.
  if (matchesIfNoneMatch(ctx.get('if-none-match'), file.etag)) {
    ctx.status = 304;
    return;
  }
  ctx.type = file.type;
  if (!isCompressed) {
    ctx.body = file.body;
    return;
  }
  ctx.set('content-encoding', 'gzip');
  // Each file is compressed only once, because Swagger UI is large (1.9 MB).
  const body = compressed.get(file) ?? compress(file.body);
  compressed.set(file, body);
  ctx.body = await body;
}
