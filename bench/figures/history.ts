import { workflowIdOf } from '../../workflows/messages/definitions.ts';
import type { Basket } from '../basket.ts';
import { median } from '../pairs.ts';
import type { Shop } from '../shop.ts';
import { steps } from './moving.ts';

/** What one delivered order leaves with Temporal. */
export interface HistorySize {
  workflowTasks: number;
  events: number;
  bytes: number;
}

/** Walks orders to their end as fast as a client can and looks at their histories; medians. */
export async function measureHistories(
  { api, temporal, customer, manager }: Shop,
  basket: Basket,
  { orders, signal }: { orders: number; signal: AbortSignal },
): Promise<HistorySize> {
  const sizes: HistorySize[] = [];
  for (let count = 0; count < orders; count += 1) {
    signal.throwIfAborted();
    const { id } = await api.send<{ id: string }>('POST', '/v1/orders', { as: customer, body: basket });
    for (const status of steps) await api.send('POST', `/v1/orders/${id}/status`, { as: manager, body: { status } });
    const handle = temporal.workflow.getHandle(workflowIdOf(id));
    await handle.result();
    const { events = [] } = await handle.fetchHistory();
    const { historySize = 0 } = await handle.describe();
    const workflowTasks = events?.filter((event) => event.workflowTaskCompletedEventAttributes).length ?? 0;
    sizes.push({ workflowTasks, events: events?.length ?? 0, bytes: historySize });
  }
  const middle = (name: keyof HistorySize) => Math.round(median(sizes.map((size) => size[name])));
  return { workflowTasks: middle('workflowTasks'), events: middle('events'), bytes: middle('bytes') };
}
