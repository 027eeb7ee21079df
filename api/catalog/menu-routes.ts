import { z } from 'zod';
import { isKnown } from '../http/entity-tags.ts';
import { type Route, route } from '../http/route.ts';
import { ifNoneMatch } from '../http/schemas.ts';
import type { Menu } from './menu.ts';
import { catalog } from './schemas.ts';

/** The menu, for everybody. */
export function catalogRoutes({ menu }: { menu: Menu }): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/catalog',
      operationId: 'getCatalog',
      tag: 'Catalog',
      summary: 'The menu',
      description: 'What an order can hold, with final prices and the ids that an order names.',
      access: 'anyone',
      headers: z.object({ 'if-none-match': ifNoneMatch.meta({ examples: ['"kq8H3vT0w2mZ9xYbN4cR7sLpD1a"'] }) }),
      responses: {
        200: {
          description: 'What is on sale',
          body: catalog,
          headers: { ETag: 'Changes when the menu does' },
        },
        304: { description: 'You have the latest one', headers: { ETag: 'The one you have' } },
      },
      handle: async ({ headers }) => {
        const { body, etag } = await menu.read();
        const caching = { etag, 'cache-control': 'no-cache' };
        if (isKnown(headers['if-none-match'], etag)) return { status: 304, headers: caching };
        return { status: 200, headers: { ...caching, 'content-type': 'application/json; charset=utf-8' }, body };
      },
    }),
  ];
}
