import type { MenuItem } from '../db/catalog-view.ts';
import type { HttpClient } from './http-client.ts';

/** The body of an order. */
export interface Basket {
  lines: { productId: string; variationId?: string; quantity: number; options?: { optionId: string }[] }[];
}

/** Returns the body of every order of the bench: two Vanilla Lattes with oat milk and an extra shot, and a Tea. */
export async function fillBasket(api: HttpClient): Promise<Basket> {
  const { data } = await api.send<{ data: MenuItem[] }>('GET', '/v1/catalog');
  const latte = data.find(({ name }) => name === 'Latte');
  const tea = data.find(({ name }) => name === 'Tea');
  const vanilla = latte?.variations.find(({ name }) => name === 'Vanilla');
  if (!latte || !tea || !vanilla) throw new Error('The menu has no Vanilla Latte or no Tea.');
  const options = latte.optionGroups
    .flatMap((group) => group.options)
    .filter(({ name }) => name === 'Oat' || name === 'Extra shot')
    .map(({ id }) => ({ optionId: id }));
  return {
    lines: [
      { productId: latte.id, variationId: vanilla.id, quantity: 2, options },
      { productId: tea.id, quantity: 1 },
    ],
  };
}
