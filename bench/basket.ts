import type { MenuItem } from '../db/catalog-view.ts';
import type { HttpClient } from './http-client.ts';

/** The body of an order. */
export interface Basket {
  lines: { productId: string; variationId?: string; quantity: number }[];
}

/** Returns the body of every order of the bench: two Vanilla Lattes and a Tea. */
export async function fillBasket(api: HttpClient): Promise<Basket> {
  const { data } = await api.send<{ data: MenuItem[] }>('GET', '/v1/catalog');
  const latte = data.find(({ name }) => name === 'Latte');
  const tea = data.find(({ name }) => name === 'Tea');
  const vanilla = latte?.variations.find(({ name }) => name === 'Vanilla');
  if (!latte || !tea || !vanilla) throw new Error('The menu has no Vanilla Latte or no Tea.');
  return {
    lines: [
      { productId: latte.id, variationId: vanilla.id, quantity: 2 },
      { productId: tea.id, quantity: 1 },
    ],
  };
}
