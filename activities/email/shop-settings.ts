/** The settings of the shop that its emails need. */
export interface ShopSettings {
  /** The shop's own email address. */
  ordersEmail: string;
  /** ISO 639: the language of emails to the shop, and to users without a language. */
  shopLanguage: string;
  shopName: string;
  /** The IANA time zone of the times in emails. */
  timeZone: string;
}
