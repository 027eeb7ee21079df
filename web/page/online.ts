import { signal } from '@preact/signals';

/** Whether the browser has a network. */
export const isOnline = signal(navigator.onLine);

for (const type of ['online', 'offline']) {
  addEventListener(type, () => {
    isOnline.value = navigator.onLine;
  });
}

/** Waits for about so many ms, or until the browser is online again. Random, so that clients do not reconnect all at once. */
export function untilOnline(ms: number, stopped?: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const waiting = new AbortController();
  const options = { once: true, signal: waiting.signal };
  const timer = setTimeout(resolve, ms * (0.5 + Math.random()));
  addEventListener('online', () => resolve(), options);
  stopped?.addEventListener('abort', () => resolve(), options);
  return promise.finally(() => {
    clearTimeout(timer);
    waiting.abort();
  });
}
