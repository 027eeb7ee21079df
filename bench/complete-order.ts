import { randomUUID } from 'node:crypto';
import type { Branch } from './shop.ts';

/** The statuses of an order after placing. */
export const statusSteps = ['preparation', 'ready', 'delivered'];

/** Moves an order to `delivered`, each step as soon as the one before is answered. */
export async function completeOrder({ api, manager }: Pick<Branch, 'api' | 'manager'>, id: string): Promise<void> {
  const as = await manager();
  for (const status of statusSteps) {
    await api.send('POST', `/v1/orders/${id}/status`, { as, body: { status }, key: randomUUID() });
  }
}
