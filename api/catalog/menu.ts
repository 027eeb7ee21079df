import { hash } from 'node:crypto';
import type { CatalogView } from '../../db/catalog-view.ts';
import { compress } from '../http/content-encoding.ts';

interface Representation {
  body: Buffer;
  etag: string;
}

/** The menu as JSON in UTF-8, encoded once for all responses. */
export interface MenuResponse extends Representation {
  gzip: Representation;
}

/** The lifetime of the cache, in ms. It is short, because other processes may change the menu without clearing this cache. */
const CACHE_MS = 250;

/** Creates a short-lived cache of the menu. */
export function createMenu(view: Pick<CatalogView, 'menu'>, cacheMs = CACHE_MS) {
  let cached: { response: Promise<MenuResponse>; until: number } | undefined;
  /** The latest version of the menu. */
  let written: MenuResponse | undefined;

  async function write(): Promise<MenuResponse> {
    const body = Buffer.from(JSON.stringify({ data: await view.menu() }));
    const version = hash('sha256', body, 'base64url').slice(0, 27);
    const etag = `"${version}"`;
    // An unchanged menu is not compressed again.
    if (written?.etag === etag) return written;
    written = { body, etag, gzip: { body: await compress(body), etag: `"${version}-gzip"` } };
    return written;
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
