import type { Line, LineOption } from '../../domain/order/order.ts';
import type { Answer, Shop } from '../shop.ts';
import { usd } from '../usd.ts';

/** A group on sale, with the ids of its options by name. */
export interface GroupOnSale {
  id: string;
  name: string;
  ids: Record<string, string>;
}

/** Manages products and their options over HTTP, as a manager. */
export function catalogOf(shop: () => Shop) {
  async function ask(method: string, path: string, body?: unknown): Promise<Answer['body']> {
    const answer = await shop().request(method, path, { as: shop().manager, ...(body !== undefined && { body }) });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  return {
    ask,
    /** Creates a group. @param prices the price deltas of its options, by name */
    async group(name: string, limits: { min: number; max: number }, prices: Record<string, number>) {
      const { id } = await ask('POST', '/v1/option-groups', { name, ...limits });
      const ids: Record<string, string> = {};
      for (const [option, amount] of Object.entries(prices)) {
        const body = { name: option, priceDelta: usd(amount) };
        const { options } = await ask('POST', `/v1/option-groups/${id}/options`, body);
        ids[option] = options.find((each: LineOption) => each.name === option).id;
      }
      return { id, name, ids } satisfies GroupOnSale;
    },
    /** Creates a product with option groups and returns its id. */
    async product(
      name: string,
      amount: number,
      groups: readonly ({ id: string } & Partial<{ min: number; max: number }>)[],
    ): Promise<string> {
      const optionGroups = groups.map(({ id, min, max }) => ({ id, min, max }));
      return (await ask('POST', '/v1/products', { name, basePrice: usd(amount), optionGroups })).id;
    },
    /** Marks an option as sold out or available. */
    setAvailable: (group: GroupOnSale, option: string, available: boolean) =>
      ask('PATCH', `/v1/option-groups/${group.id}/options/${group.ids[option]}`, { available }),
  };
}

/** Expects that a line's price includes its options, and returns the names of the options. */
export function optionNamesOf(line: Pick<Line, 'options' | 'unitPrice'>, base: number): string[] {
  const options = line.options ?? [];
  const surcharge = options.reduce((sum, { unitPrice, quantity }) => sum + unitPrice.amount * quantity, 0);
  expect(line.unitPrice).toEqual(usd(base + surcharge));
  return options.map(({ name }) => name);
}
