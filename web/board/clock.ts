import { signal } from '@preact/signals';

/** The time in ms since the epoch, to a few seconds. */
export const now = signal(Date.now());

setInterval(() => {
  now.value = Date.now();
}, 5_000);
