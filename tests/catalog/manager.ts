import { randomUUID } from 'node:crypto';
import type { Product } from '../../domain/catalog/product.ts';
import type { Answer, Shop } from '../shop.ts';

export const usd = (amount: number) => ({ amount, currency: 'USD' });

/** Returns a name that no other product on sale has. */
export const newName = (word = 'Special') => `${word} ${randomUUID()}`;

/** Manages the catalog of a shop over HTTP. */
export function managerOf(shop: () => Shop) {
  const ask = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    shop().request(method, `/v1/products${path}`, { as: shop().manager, headers, ...(body !== undefined && { body }) });

  async function made(path: string, body: object): Promise<Product> {
    const answer = await ask('POST', path, body);
    if (answer.status !== 201) throw new Error(`${path} was not made: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  return {
    ask,
    /** Creates a product on sale. */
    product: (fields: object = {}) => made('', { name: newName(), basePrice: usd(400), ...fields }),
    /** Adds a variation and returns the product. */
    variation: (productId: string, fields: object = {}) =>
      made(`/${productId}/variations`, { name: newName(), priceDelta: usd(50), ...fields }),
    /** Returns all rows of a product. */
    read: async (id: string): Promise<Product> => (await ask('GET', `/${id}?include=deleted`)).body,
  };
}
