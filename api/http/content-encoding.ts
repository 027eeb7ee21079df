import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Context } from 'koa';

export const compress = promisify<Buffer, Buffer>(gzip);

/** Whether the client accepts a body that is compressed with gzip. Adds `Accept-Encoding` to `Vary`. */
export function acceptsGzip(ctx: Pick<Context, 'vary' | 'acceptsEncodings'>): boolean {
  ctx.vary('Accept-Encoding');
  return ctx.acceptsEncodings('gzip', 'identity') === 'gzip';
}
