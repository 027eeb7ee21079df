import { createBasket, emptyBasket, withQuantity } from '../basket/basket.ts';
import type { OrderLine } from '../client/index.ts';

export const basket = createBasket('crema.basket', {
  ...emptyBasket,
  /** The idempotency key of the order that is placed with it. So even two tabs cannot place it twice. */
  id: crypto.randomUUID() as string,
});

/** Begins a new basket after an order, with what was added while it was placed. */
export function beginBasket(ordered: OrderLine[]): void {
  const lines = basket.value.lines.map((line) => {
    const { quantity = 0 } = ordered.find(({ id }) => id === line.id) ?? {};
    return withQuantity(line, line.quantity - quantity);
  });
  basket.change({ id: crypto.randomUUID(), lines: lines.filter(({ quantity }) => quantity > 0), note: '' });
}
