/**
 * Calls `reread` when another tab may have changed the storage of this device.
 *
 * @param isMeant whether a key of `localStorage` is meant
 */
export function onStorageChange(isMeant: (key: string) => boolean, reread: () => void): void {
  addEventListener('storage', ({ key }) => {
    if (key === null || isMeant(key)) reread();
  });
  // While the browser kept the page for the back button, it received no events.
  addEventListener('pageshow', reread);
}
