import { hash } from 'node:crypto';
import type { CatalogView } from '../../db/catalog-view.ts';
import { compress } from '../http/content-encoding.ts';

interface Representation {
  body: Buffer;
  /** Strong, and different for each content encoding. */
  etag: string;
}

/** The menu as JSON in UTF-8, encoded once for all responses. */
export interface MenuResponse extends Representation {
  gzip: Representation;
}

/** The lifetime of the cache, in ms. It is short, because other processes may change the menu without clearing this cache. */
export const MENU_CACHE_MS = 250;

/** Creates a short-lived cache of the menu. */
export function createMenu(view: Pick<CatalogView, 'menu'>, cacheMs = MENU_CACHE_MS) {
  let cached: { response: Promise<MenuResponse>; until: number } | undefined;
  /** The latest version of the menu. */
  let written: MenuResponse | undefined;

  async function write(): Promise<MenuResponse> {
    const identity = represent(Buffer.from(JSON.stringify({ data: await view.menu() })));
    // An unchanged menu is not compressed again.
    if (written?.etag !== identity.etag) written = { ...identity, gzip: represent(await compress(identity.body)) };
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

const represent = (body: Buffer): Representation => ({
  body,
  etag: `"${hash('sha256', body, 'base64url').slice(0, 27)}"`,
});

export type Menu = ReturnType<typeof createMenu>;
