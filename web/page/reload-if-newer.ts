let shown: string | undefined;
let newer: string | undefined;

/**
 * Reloads the page if the API serves a newer version than the one that is shown. Waits for a second call that finds the same
 * version, because during a deploy some processes do not have its files yet. Does nothing without an answer.
 */
export async function reloadIfNewer(): Promise<void> {
  const response = await fetch(location.pathname, { method: 'HEAD' }).catch(() => undefined);
  const served = response?.ok ? response.headers.get('etag') : null;
  if (!served) return;
  shown ??= served;
  if (served !== shown && served === newer) location.reload();
  newer = served;
}
