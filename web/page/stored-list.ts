import { signal } from '@preact/signals';
import { onStorageChange } from './storage-change.ts';

interface Stored {
  id: string;
  /** In ms since the epoch, and different for each entry of this device. */
  madeAt: number;
}

/**
 * Returns a list that this device keeps, the oldest entry first, and which follows the other tabs. Every entry has a key of its own
 * in `localStorage`, so that tabs cannot overwrite the entries of one another.
 *
 * @param prefix of the keys
 */
export function storedList<Entry extends Stored>(prefix: string) {
  /** The entries that a full storage did not take. A reload forgets them. */
  const unkept = new Map<string, Entry>();
  const read = (): Entry[] =>
    Object.keys(localStorage)
      .filter((key) => key.startsWith(prefix))
      .flatMap((key): Entry[] => JSON.parse(`[${localStorage.getItem(key) ?? ''}]`))
      .filter(({ id }) => !unkept.has(id))
      .concat(...unkept.values())
      .sort((a, b) => a.madeAt - b.madeAt);
  const list = signal(read());
  /** Takes over the stored entries now, instead of at the next event. */
  const reread = () => {
    list.value = read();
  };
  onStorageChange((key) => key.startsWith(prefix), reread);
  const has = (id: string) => unkept.has(id) || localStorage.getItem(prefix + id) !== null;
  function put(...entries: Entry[]): void {
    for (const entry of entries) {
      try {
        localStorage.setItem(prefix + entry.id, JSON.stringify(entry));
        unkept.delete(entry.id);
      } catch {
        unkept.set(entry.id, entry);
      }
    }
    reread();
  }
  return Object.assign(list, {
    reread,
    has,
    put,
    /** Adds an entry, unless there is one with its id. */
    add(entry: Omit<Entry, 'madeAt'>): void {
      const madeAt = Math.max(Date.now(), (list.value.at(-1)?.madeAt ?? 0) + 1);
      if (!has(entry.id)) put({ ...entry, madeAt } as Entry);
    },
    remove(...ids: string[]): void {
      for (const id of ids) {
        unkept.delete(id);
        localStorage.removeItem(prefix + id);
      }
      reread();
    },
  });
}
