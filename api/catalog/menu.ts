import { createHash } from 'node:crypto';
import type { CatalogView } from '../../db/catalog-view.ts';

/** The body and `ETag` of the menu. */
export interface MenuResponse {
  /** JSON in UTF-8, encoded once for all responses. */
  body: Buffer;
  etag: string;
}

/** The lifetime of the cache, in ms. It is short, because other processes may change the menu without clearing this cache. */
const CACHE_MS = 250;

/** Creates a short-lived cache of the menu. */
export function createMenu(view: Pick<CatalogView, 'menu'>, cacheMs = CACHE_MS) {
  let cached: { response: Promise<MenuResponse>; until: number } | undefined;

  async function write(): Promise<MenuResponse> {
    const body = Buffer.from(JSON.stringify({ data: await view.menu() }));
    return { body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"` };
  }

  return {
    read(): Promise<MenuResponse> {
      const now = performance.now();
      if (cached && now < cached.until) return cached.response;
      const next = { response: write(), until: now + cacheMs };
      cached = next;
      // Errors are not cached.
      next.response.catch(() => {
        if (cached === next) cached = undefined;
      });
      return next.response;
    },

    /** Clears the cache after a change. */
    forget(): void {
      cached = undefined;
    },
  };
}

export type Menu = ReturnType<typeof createMenu>;
