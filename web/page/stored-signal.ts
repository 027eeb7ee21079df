import { effect, type Signal, signal } from '@preact/signals';

/** Returns a signal whose value this device keeps, and which follows the other tabs. @param key the key in `localStorage` */
export function storedSignal<Value>(key: string, fallback: Value): Signal<Value> {
  const read = (): Value => {
    const json = localStorage.getItem(key);
    return json === null ? fallback : JSON.parse(json);
  };
  const stored = signal(read());
  let isFirst = true;
  effect(() => {
    const json = JSON.stringify(stored.value);
    if (!isFirst && json !== localStorage.getItem(key)) localStorage.setItem(key, json);
    isFirst = false;
  });
  addEventListener('storage', (event) => {
    if (event.key === key || event.key === null) stored.value = read();
  });
  return stored;
}
