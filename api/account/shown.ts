/** What the address or the form says, by name. */
export type Values = Record<string, string>;

export interface Shown {
  status?: number;
  /** BCP 47; English where nothing is said. */
  language?: string;
  title: string;
  body: string;
}

/** A page: what is shown, and what its form does. A form that nobody has filled in yet is empty. */
export interface Pages {
  get(values: Values): Promise<Shown>;
  /** @param acceptLanguage what the browser says of its user, see RFC 9110 */
  post(values: Values, acceptLanguage: string): Promise<Shown>;
  /** What is posted here says nothing besides the address. */
  postsAddress?: boolean;
}

export const paragraphs = (...texts: string[]) => texts.map((text) => `<p>${text}</p>`).join('\n');
