/** The settings of the shop, which the API writes into the HTML of every page (api/web/web-pages.ts). */
interface Settings {
  shopName: string;
  /** ISO 639. The language of visitors whose own language is not supported. */
  language: string;
  currency: string;
  /** The decimals of the currency in ISO 4217. */
  minorDigits: number;
  /** Seconds until the alerts of a waiting and of a ready order. */
  delayedAfter: number;
  uncollectedAfter: number;
  /** Seconds between two heartbeats of an event stream. */
  heartbeat: number;
}

export const settings: Settings = JSON.parse(document.getElementById('settings')?.textContent ?? '');
