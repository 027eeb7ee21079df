import { randomUUID } from 'node:crypto';
import type { OptionGroup } from '../../domain/catalog/option-group.ts';
import type { Product } from '../../domain/catalog/product.ts';
import type { Answer, Shop } from '../shop.ts';
import { usd } from '../usd.ts';

/** Returns a name that no other product on sale has. */
export const newName = (word = 'Special') => `${word} ${randomUUID()}`;

/** Returns a function that sends requests to `/v1/<collection>` as the manager. */
const asManager =
  (shop: () => Shop, collection: string) =>
  (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    shop().request(method, `/v1/${collection}${path}`, {
      as: shop().manager,
      headers,
      ...(body !== undefined && { body }),
    });

type Ask = ReturnType<typeof asManager>;

async function made(ask: Ask, path: string, body: object) {
  const answer = await ask('POST', path, body);
  if (answer.status !== 201) throw new Error(`${path} was not made: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** Manages the products of a shop over HTTP. */
export function managerOf(shop: () => Shop) {
  const ask = asManager(shop, 'products');
  return {
    ask,
    /** Creates a product on sale. */
    product: (fields: object = {}): Promise<Product> =>
      made(ask, '', { name: newName(), basePrice: usd(400), ...fields }),
    /** Adds a variation and returns the product. */
    variation: (productId: string, fields: object = {}): Promise<Product> =>
      made(ask, `/${productId}/variations`, { name: newName(), priceDelta: usd(50), ...fields }),
    /** Returns all rows of a product. */
    read: async (id: string): Promise<Product> => (await ask('GET', `/${id}?include=deleted`)).body,
  };
}

/** Manages the option groups of a shop over HTTP. */
export function optionsOf(shop: () => Shop) {
  const ask = asManager(shop, 'option-groups');
  return {
    ask,
    group: (fields: object = {}): Promise<OptionGroup> => made(ask, '', { name: newName(), ...fields }),
    /** Adds an option and returns the group. */
    option: (groupId: string, fields: object = {}): Promise<OptionGroup> =>
      made(ask, `/${groupId}/options`, { name: newName(), priceDelta: usd(50), ...fields }),
    /** Returns all rows of an option group. */
    read: async (id: string): Promise<OptionGroup> => (await ask('GET', `/${id}?include=deleted`)).body,
  };
}
