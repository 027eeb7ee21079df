import { createHash } from 'node:crypto';
import type { CatalogView } from '../../db/catalog-view.ts';

/** The menu as it is answered. */
export interface WrittenMenu {
  /** JSON in UTF-8: text would be encoded anew for everyone who reads it. */
  body: Buffer;
  etag: string;
}

/** The menu, written once for all who read it in the same moment. */
export interface Menu {
  read(): Promise<WrittenMenu>;
  /** Has it read anew: it was changed. */
  forget(): void;
}

/** For how long a process believes that no other one has changed the menu, in ms. */
const REMEMBER_MS = 250;

/** @param view where it is read from */
export function createMenu(view: Pick<CatalogView, 'menu'>, rememberMs = REMEMBER_MS): Menu {
  let known: { written: Promise<WrittenMenu>; until: number } | undefined;

  async function write(): Promise<WrittenMenu> {
    const body = Buffer.from(JSON.stringify({ data: await view.menu() }));
    return { body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"` };
  }

  function read(): Promise<WrittenMenu> {
    const now = performance.now();
    if (known && now < known.until) return known.written;
    const asked = { written: write(), until: now + rememberMs };
    known = asked;
    // An outage is nothing to remember.
    asked.written.catch(() => {
      if (known === asked) known = undefined;
    });
    return asked.written;
  }

  return {
    read,
    forget() {
      known = undefined;
    },
  };
}
