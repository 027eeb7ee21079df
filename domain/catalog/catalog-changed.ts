/** The type of the event that the menu has changed. Only the stream of all orders sends it. */
export const CATALOG_CHANGED = 'catalog.changed';

/**
 * Returns the CloudEvent that the menu has changed.
 *
 * @param at RFC 3339 UTC
 * @param publicUrl base URL of the API as clients see it
 */
export const catalogChanged = (id: string, at: string, publicUrl: string) => ({
  specversion: '1.0',
  type: CATALOG_CHANGED,
  id,
  source: `${publicUrl}/v1/catalog`,
  time: at,
  datacontenttype: 'application/json',
  data: {},
});
