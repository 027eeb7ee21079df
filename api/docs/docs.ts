import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Context, Middleware } from 'koa';
import { stringify } from 'yaml';
import { isKnown } from '../http/entity-tags.ts';
import { Problem } from '../http/problem.ts';
import { type Page, page } from './page.ts';
import { pagesForPeople } from './swagger-ui.ts';

const YEAR_S = 31_536_000;

const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  // For the icons in Swagger UI's style sheet.
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

/** Serves the documents as `/<name>.json` and `/<name>.yaml`; for people, `/docs` and `/docs/problems`. */
export function docs(documents: Record<'openapi' | 'asyncapi', object>, shopName: string): Middleware {
  const pages = [
    ...Object.entries(documents).flatMap(([name, document]) => [
      page(`/${name}.json`, 'application/json', JSON.stringify(document)),
      page(`/${name}.yaml`, 'application/yaml', stringify(document, { aliasDuplicateObjects: false })),
    ]),
    ...pagesForPeople(shopName),
  ];
  const byPath = new Map(pages.map((each) => [each.path, each]));
  const compress = compressor();

  return async (ctx, next) => {
    const found = byPath.get(ctx.path);
    const target = redirects.get(ctx.path);
    if (!found && !target) return next();
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') {
      throw new Problem('method_not_allowed', {
        detail: `${ctx.path} does not support ${ctx.method}. Allowed methods: GET, HEAD.`,
        headers: { allow: 'GET, HEAD' },
      });
    }
    if (target) return ctx.redirect(target);
    if (found) await answer(ctx, found, compress);
  };
}

async function answer(ctx: Context, page: Page, compress: Compress): Promise<void> {
  ctx.set({
    'cache-control': page.immutable ? `public, max-age=${YEAR_S}, immutable` : 'no-cache',
    'content-security-policy': contentSecurityPolicy,
    etag: page.etag,
  });
  ctx.vary('accept-encoding');
  ctx.status = 200;
  // Koa's `fresh` never returns 304 to programs that use `fetch`, because they send `Cache-Control: no-cache`.
  if (isKnown(ctx.get('if-none-match'), page.etag)) {
    ctx.status = 304;
    return;
  }
  ctx.type = page.type;
  if (ctx.acceptsEncodings('gzip', 'identity') !== 'gzip') {
    ctx.body = page.body;
    return;
  }
  ctx.set('content-encoding', 'gzip');
  ctx.body = await compress(page);
}

type Compress = (page: Page) => Promise<Buffer>;

/** Compresses a page at its first request and caches the result: Swagger UI has 1.9 MB. */
function compressor(): Compress {
  const done = new Map<string, Promise<Buffer>>();
  return (page) => {
    const compressed = done.get(page.path) ?? promisify(gzip)(page.body);
    done.set(page.path, compressed);
    return compressed;
  };
}
