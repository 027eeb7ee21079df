import { effect, type Signal, signal } from '@preact/signals';
import { onStorageChange } from './storage-change.ts';

export interface StoredSignal<Value> extends Signal<Value> {
  /** Takes over the stored value now, instead of at the next event. */
  reread(): void;
}

/** Returns a signal whose value this device keeps, and which follows the other tabs. @param key the key in `localStorage` */
export function storedSignal<Value>(key: string, fallback: Value): StoredSignal<Value> {
  const read = (): Value => {
    try {
      return JSON.parse(localStorage.getItem(key) ?? '') ?? fallback;
    } catch {
      return fallback;
    }
  };
  const stored = signal(read());
  let isFirst = true;
  let isKept = true;
  effect(() => {
    const json = JSON.stringify(stored.value);
    try {
      if (!isFirst && json !== localStorage.getItem(key)) localStorage.setItem(key, json);
      isKept = true;
    } catch {
      // The storage is full, or the browser forbids it. The page works, but a reload forgets the value.
      isKept = false;
    }
    isFirst = false;
  });
  const reread = () => {
    if (isKept) stored.value = read();
  };
  onStorageChange((changed) => changed === key, reread);
  return Object.assign(stored, { reread });
}
