/** How often an open page checks for a new version, in ms. */
const CHECK_MS = 60 * 60_000;

let shown: string | undefined;
let newer: string | undefined;

/**
 * Reloads the page if the API serves a newer version than the one that is shown. Waits for a second check that finds the same
 * version, because during a deploy some processes do not have its files yet. Does nothing without an answer.
 */
async function check(): Promise<void> {
  const response = await fetch(location.pathname, { method: 'HEAD' }).catch(() => undefined);
  const served = response?.ok ? response.headers.get('etag') : null;
  if (!served) return;
  shown ??= served;
  if (served !== shown && served === newer) location.reload();
  newer = served;
}

/** Reloads the page after a deploy. @param isIdle whether a reload disturbs nothing now */
export function reloadIfNewer(isIdle: () => boolean = () => true): void {
  void check();
  setInterval(() => isIdle() && void check(), CHECK_MS);
}
