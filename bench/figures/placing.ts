import { randomUUID } from 'node:crypto';
import { workflowIdOf } from '../../workflows/messages/definitions.ts';
import { bareTaskQueue, bareWorkflowType } from '../bare/messages.ts';
import type { Basket } from '../basket.ts';
import { measurePairs, type Pairs, timed } from '../pairs.ts';
import type { Shop } from '../shop.ts';
import { quiet } from './quiet.ts';

/**
 * Placing an order over HTTP against a bare `workflow.start`.
 *
 * @param inARow how many, one after the other, make a turn; what the first ones set off then runs beside the later ones
 */
export function measurePlacing(
  { api, temporal, customer }: Shop,
  basket: Basket,
  { inARow, pairs, warmUp, signal }: { inARow: number; pairs: number; warmUp: number; signal: AbortSignal },
): Promise<Pairs> {
  const floor = async () => {
    const ids = Array.from({ length: inARow }, () => `bare-${randomUUID()}`);
    const times: number[] = [];
    for (const workflowId of ids) {
      const options = { workflowId, taskQueue: bareTaskQueue, args: [0] };
      times.push(await timed(() => temporal.workflow.start(bareWorkflowType, options)));
    }
    for (const id of ids) await temporal.workflow.getHandle(id).result();
    return times;
  };
  const crema = async () => {
    const ids: string[] = [];
    const times: number[] = [];
    for (let count = 0; count < inARow; count += 1) {
      const key = randomUUID();
      const place = async () => {
        const order = await api.send<{ id: string }>('POST', '/v1/orders', { as: customer, body: basket, key });
        ids.push(order.id);
      };
      times.push(await timed(place));
    }
    for (const id of ids) await quiet(temporal.workflow.getHandle(workflowIdOf(id)), signal);
    return times;
  };
  return measurePairs({ pairs, warmUp, floor, crema, signal });
}
