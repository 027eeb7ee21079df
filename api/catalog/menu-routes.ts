import { z } from 'zod';
import { matchesIfNoneMatch } from '../http/entity-tags.ts';
import { type Route, route } from '../http/route.ts';
import { ifNoneMatch } from '../http/schemas.ts';
import type { Menu } from './menu.ts';
import { catalog } from './schemas.ts';

const vary = '`Accept-Encoding`, among others';

/** The menu, which needs no access token. */
export function catalogRoutes({ menu }: { menu: Menu }): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/catalog',
      operationId: 'getCatalog',
      tag: 'Catalog',
      summary: 'Get the menu',
      description:
        'The products on sale and their variations, with final prices, and their options, with price deltas. Place orders with these ids.',
      access: 'anyone',
      headers: z.object({ 'if-none-match': ifNoneMatch.meta({ examples: ['"kq8H3vT0w2mZ9xYbN4cR7sLpD1a"'] }) }),
      responses: {
        200: {
          description: 'The menu',
          body: catalog,
          headers: {
            ETag: 'Changes whenever the menu changes. Each content encoding has its own',
            'Content-Encoding': '`gzip` if `Accept-Encoding` allows it, else absent',
            Vary: vary,
          },
        },
        304: {
          description: 'Not modified',
          headers: { ETag: 'The `ETag` that a 200 would have', Vary: vary },
        },
      },
      handle: async ({ headers, acceptsGzip }) => {
        const read = await menu.read();
        const isGzip = acceptsGzip();
        const { body, etag } = isGzip ? read.gzip : read;
        const caching = { etag, 'cache-control': 'no-cache' };
        if (matchesIfNoneMatch(headers['if-none-match'], etag)) return { status: 304, headers: caching };
        const content = {
          'content-type': 'application/json; charset=utf-8',
          ...(isGzip && { 'content-encoding': 'gzip' }),
        };
        return { status: 200, headers: { ...caching, ...content }, body };
      },
    }),
  ];
}
