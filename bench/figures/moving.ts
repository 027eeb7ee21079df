import { randomUUID } from 'node:crypto';
import { workflowIdOf } from '../../workflows/messages/definitions.ts';
import { bareTaskQueue, bareWorkflowType, touchUpdate } from '../bare/messages.ts';
import type { Basket } from '../basket.ts';
import { measurePairs, type Pairs, timed } from '../pairs.ts';
import type { Shop } from '../shop.ts';
import { quiet } from './quiet.ts';

/** An order's way over the counter. */
export const steps = ['preparation', 'ready', 'delivered'];

/**
 * Status changes over HTTP, read model written, against bare updates: in each turn three, of a workflow whose first task is
 * done.
 *
 * @param atRest let what one change sets off come to an end before the next one; else they come back to back
 */
export function measureMoving(
  { api, temporal, customer, manager }: Shop,
  basket: Basket,
  { atRest, pairs, warmUp, signal }: { atRest: boolean; pairs: number; warmUp: number; signal: AbortSignal },
): Promise<Pairs> {
  const floor = async () => {
    const options = { workflowId: `bare-${randomUUID()}`, taskQueue: bareTaskQueue, args: [steps.length] };
    const handle = await temporal.workflow.start(bareWorkflowType, options);
    await quiet(handle, signal);
    const times: number[] = [];
    for (const _ of steps) {
      times.push(await timed(() => handle.executeUpdate(touchUpdate)));
      if (atRest) await quiet(handle, signal);
    }
    await handle.result();
    return times;
  };
  const crema = async () => {
    const { id } = await api.send<{ id: string }>('POST', '/v1/orders', { as: customer, body: basket });
    const handle = temporal.workflow.getHandle(workflowIdOf(id));
    await quiet(handle, signal);
    const times: number[] = [];
    for (const status of steps) {
      const options = { as: manager, body: { status }, key: randomUUID() };
      times.push(await timed(() => api.send('POST', `/v1/orders/${id}/status`, options)));
      if (atRest) await quiet(handle, signal);
    }
    await handle.result();
    return times;
  };
  return measurePairs({ pairs, warmUp, floor, crema, signal });
}
