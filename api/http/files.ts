import { createHash } from 'node:crypto';
import type { Context, Middleware } from 'koa';
import { acceptsGzip, compress } from './content-encoding.ts';
import { matchesIfNoneMatch } from './entity-tags.ts';
import { methodNotAllowed } from './problem.ts';

const YEAR_S = 31_536_000;

/** A file that the API serves: a document, a page, or a file that a page loads. */
export interface ServedFile {
  path: string;
  type: string;
  body: Buffer;
  /** The body, compressed with gzip. Default: compressed at the first request. */
  gzip?: Buffer | undefined;
  /** Weak: the same for the compressed and the uncompressed body. */
  etag: string;
  /** Whether clients may cache the file forever, because its path contains a hash of its content. */
  immutable: boolean;
  /** The sources from which a page may load images, besides its own origin. */
  images?: string;
}

/** Returns a short hash of a file's content. */
export const fingerprint = (body: Buffer): string => createHash('sha256').update(body).digest('base64url').slice(0, 16);

/** Returns a file whose content may change. */
export function changingFile(path: string, type: string, content: string): ServedFile {
  const body = Buffer.from(content);
  return { path, type, body, etag: `W/"${fingerprint(body)}"`, immutable: false };
}

/**
 * Returns middleware that serves the file that `find` returns for a path, and redirects from the same path with a slash at its end.
 * Passes other requests on.
 */
export function serveFiles(find: (path: string) => ServedFile | undefined): Middleware {
  const compressed = new Map<ServedFile, Promise<Buffer>>();

  /** Compresses a file only once, because Swagger UI is large (1.9 MB). */
  function gzipOf(file: ServedFile): Promise<Buffer> | Buffer {
    if (file.gzip) return file.gzip;
    const body = compressed.get(file) ?? compress(file.body);
    compressed.set(file, body);
    return body;
  }

  return async (ctx, next) => {
    const path = ctx.path.replace(/(?<=.)\/$/, '');
    const file = find(path);
    if (!file) return next();
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') throw methodNotAllowed(ctx, 'GET, HEAD');
    if (path !== ctx.path) return ctx.redirect(path);
    setHeaders(ctx, file);
    const isCompressed = acceptsGzip(ctx);
    ctx.status = 200;
    // Koa's `fresh` is not used. It would prevent a 304 for programs that use `fetch`, which send `Cache-Control: no-cache`.
    if (matchesIfNoneMatch(ctx.get('if-none-match'), file.etag)) {
      ctx.status = 304;
      return;
    }
    ctx.type = file.type;
    if (isCompressed) ctx.set('content-encoding', 'gzip');
    ctx.body = isCompressed ? await gzipOf(file) : file.body;
  };
}

function setHeaders(ctx: Context, { immutable, etag, images = 'data:' }: ServedFile): void {
  ctx.set({
    'cache-control': immutable ? `public, max-age=${YEAR_S}, immutable` : 'no-cache',
    'content-security-policy': [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      `img-src 'self' ${images}`,
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    etag,
  });
}
