import { setTimeout as delay } from 'node:timers/promises';
import { MENU_CACHE_MS, type Menu } from '../catalog/menu.ts';

/**
 * Detects changes of the menu. It compares entity tags, so it also detects changes by other processes, and items that are available
 * again.
 *
 * @param onChange called after a change, once every process answers with the changed menu
 */
export function createMenuWatch(menu: Pick<Menu, 'read'>, onChange: () => void) {
  let known: string | undefined;
  let checking: Promise<void> | undefined;

  async function check(): Promise<void> {
    const { etag } = await menu.read();
    if (etag === known) return;
    const isFirst = known === undefined;
    known = etag;
    // Until their caches expire, other processes may answer with the former menu.
    await delay(MENU_CACHE_MS);
    if (!isFirst) onChange();
  }

  return {
    /** Compares the menu with that of the last check. Concurrent calls share one check. */
    check(): Promise<void> {
      checking ??= check().finally(() => {
        checking = undefined;
      });
      return checking;
    },
  };
}
