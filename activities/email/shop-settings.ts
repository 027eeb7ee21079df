/** The settings of the shop that its emails need. */
export interface ShopSettings {
  /** The shop's own email address. */
  ordersEmail: string;
  /** The language of emails to the shop, and to users who have not chosen a language (ISO 639). */
  shopLanguage: string;
  shopName: string;
  /** The IANA time zone of the times in emails. */
  timeZone: string;
}
