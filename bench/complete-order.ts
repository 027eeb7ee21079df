import { randomUUID } from 'node:crypto';
import type { Branch } from './shop.ts';

/** An order's way over the counter, once it is placed. */
export const statusSteps = ['preparation', 'ready', 'delivered'];

/** Takes an order all the way, each step as soon as the one before is answered. */
export async function completeOrder({ api, manager }: Pick<Branch, 'api' | 'manager'>, id: string): Promise<void> {
  const as = await manager();
  for (const status of statusSteps) {
    await api.send('POST', `/v1/orders/${id}/status`, { as, body: { status }, key: randomUUID() });
  }
}
